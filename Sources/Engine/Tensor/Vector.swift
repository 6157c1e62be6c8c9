import Kernels

/// Eight floats: one AVX2 register, two NEON ones.
typealias Vector = SIMD8<Float>

/// Elementwise loops over runs of floats, written so that the optimiser emits full-width vector code.
///
/// A generic closure that is inlined gets both the vector body and the scalar tail from one formula: the tail is padded to a vector.
enum Elementwise {
    static let width = Vector.scalarCount

    /// Calls `body(start, lanes)` for runs of eight and the rest of a range.
    @inline(__always)
    static func forEachVector(_ range: Range<Int>, _ body: (Int, Int) -> Void) {
        var i = range.lowerBound
        while i + width <= range.upperBound {
            body(i, width)
            i += width
        }
        if i < range.upperBound { body(i, range.upperBound - i) }
    }

    /// `target[i] = formula(a[i])`.
    @inline(__always)
    static func map(
        _ count: Int, _ a: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, _ formula: (Vector) -> Vector
    ) {
        var i = 0
        while i + width <= count {
            (target + i).store(formula((a + i).load()))
            i += width
        }
        if i < count { (target + i).store(formula((a + i).load(count - i)), count - i) }
    }

    /// `target[i] = formula(a[i], b[i])`.
    @inline(__always)
    static func map(
        _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
        _ formula: (Vector, Vector) -> Vector
    ) {
        var i = 0
        while i + width <= count {
            (target + i).store(formula((a + i).load(), (b + i).load()))
            i += width
        }
        if i < count { (target + i).store(formula((a + i).load(count - i), (b + i).load(count - i)), count - i) }
    }

    /// `target[i] = formula(a[i], b[i], c[i])`.
    @inline(__always)
    static func map(
        _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>, _ formula: (Vector, Vector, Vector) -> Vector
    ) {
        var i = 0
        while i + width <= count {
            (target + i).store(formula((a + i).load(), (b + i).load(), (c + i).load()))
            i += width
        }
        if i < count {
            let rest = count - i
            (target + i).store(formula((a + i).load(rest), (b + i).load(rest), (c + i).load(rest)), rest)
        }
    }

    /// `target[i] += a[i]`.
    @inline(__always)
    static func add(_ count: Int, _ a: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
        map(count, a, target, into: target) { $0 + $1 }
    }

    /// `target[i] = a[i]`, or `+=` when a gradient is already there.
    @inline(__always)
    static func copy(_ count: Int, _ a: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, accumulating: Bool) {
        if accumulating { add(count, a, to: target) } else { target.update(from: a, count: count) }
    }

    /// 1 / (1 + e^-x).
    @inline(__always)
    static func sigmoid(_ x: Vector) -> Vector { 1 / (1 + exp(-x)) }

    /// e^x, relative error below 2e-7; saturates at e^±87 (Cephes' expf: range reduction by ln 2, polynomial of degree 5).
    @inline(__always)
    static func exp(_ x: Vector) -> Vector {
        // Not `clamped`: it is a call that the optimiser does not inline.
        let highest = Vector(repeating: 88.3)
        return exp(small: x.replacing(with: highest, where: x .> highest))
    }

    /// e^x of numbers that are not above 88.
    @inline(__always)
    static func exp(small x: Vector) -> Vector {
        let lowest = Vector(repeating: -87.3)
        let bounded = x.replacing(with: lowest, where: x .< lowest)
        // Adding 1.5 · 2²³ rounds to the nearest whole number, which then stands in the low bits.
        let magic = Vector(repeating: 12_582_912)
        let shifted = magic.adding(bounded, times: Vector(repeating: 1.442_695_04))
        let whole = shifted - magic
        let r = bounded.adding(whole, times: Vector(repeating: -0.693_359_375)).adding(whole, times: Vector(repeating: 2.121_944_4e-4))
        var p = Vector(repeating: 1.398_199_95e-3).adding(r, times: Vector(repeating: 1.987_569_15e-4))
        p = Vector(repeating: 8.333_451_91e-3).adding(p, times: r)
        p = Vector(repeating: 4.166_579_59e-2).adding(p, times: r)
        p = Vector(repeating: 1.666_666_55e-1).adding(p, times: r)
        p = Vector(repeating: 5.000_000_12e-1).adding(p, times: r)
        let fraction = (r + 1).adding(p, times: r * r)
        let bits = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< 23
        return unsafeBitCast(unsafeBitCast(fraction, to: SIMD8<Int32>.self) &+ bits, to: Vector.self)
    }
}

extension UnsafePointer<Float> {
    @inline(__always) func load() -> Vector { UnsafeRawPointer(self).loadUnaligned(as: Vector.self) }
    /// The first `count` lanes from memory, the rest 0.
    @inline(__always) func load(_ count: Int) -> Vector {
        guard count < Vector.scalarCount else { return load() }
        var vector = Vector.zero
        for lane in 0..<count { vector[lane] = self[lane] }
        return vector
    }
}

extension UnsafeMutablePointer<Float> {
    @inline(__always) func load() -> Vector { UnsafeRawPointer(self).loadUnaligned(as: Vector.self) }
    @inline(__always) func store(_ vector: Vector) { UnsafeMutableRawPointer(self).storeBytes(of: vector, as: Vector.self) }
    @inline(__always) func load(_ count: Int) -> Vector { UnsafePointer(self).load(count) }
    /// Stores the first `count` lanes.
    @inline(__always) func store(_ vector: Vector, _ count: Int) {
        guard count < Vector.scalarCount else { return store(vector) }
        for lane in 0..<count { self[lane] = vector[lane] }
    }
}
