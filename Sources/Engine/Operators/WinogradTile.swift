/// The one-dimensional transforms of a minimal filtering algorithm F(m, 3) (Lavin and Gray, arXiv 1509.09308, section 4):
/// m outputs of a filter of three taps from n = m + 2 inputs in n multiplications, y = Aᵀ((G·g) ∘ (Bᵀ·d)).
///
/// A two-dimensional tile applies each along both axes. Backward needs the transposes: for L a loss, dg = Gᵀ(d(u)), dd = B·d(v) and
/// d(products) = A·dy.
protocol WinogradTile {
    /// m.
    static var outputs: Int { get }
    /// n.
    static var points: Int { get }

    /// v = Bᵀ·d: n → n.
    associatedtype Data: LineTransform
    /// d = B·v: n → n.
    associatedtype DataTransposed: LineTransform
    /// u = G·g: 3 → n.
    associatedtype Weights: LineTransform
    /// g = Gᵀ·u: n → 3.
    associatedtype WeightsTransposed: LineTransform
    /// y = Aᵀ·p: n → m.
    associatedtype Output: LineTransform
    /// p = A·y: m → n.
    associatedtype OutputTransposed: LineTransform
}

/// A linear map of a few numbers to a few others, for eight channels at a time.
///
/// A type of its own rather than a function that is passed on, as only so it is compiled into the loops around it.
protocol LineTransform {
    /// Numbers read and written.
    static var from: Int { get }
    static var to: Int { get }

    /// Reads vectors `step` floats apart and writes vectors `place` floats apart.
    static func apply(_ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ place: Int)
}

/// F(4, 3) with the points 0, ±1, ±2 and ∞: a 4×4 tile in 36 multiplications instead of 144.
enum WinogradTile4: WinogradTile {
    @inline(__always) static var outputs: Int { 4 }
    @inline(__always) static var points: Int { 6 }

    enum Data: LineTransform {
        @inline(__always) static var from: Int { 6 }
        @inline(__always) static var to: Int { 6 }

        @inline(__always)
        static func apply(_ d: UnsafePointer<Float>, _ step: Int, _ v: UnsafeMutablePointer<Float>, _ place: Int) {
            let (d0, d1, d2) = (d.load(), (d + step).load(), (d + 2 * step).load())
            let (d3, d4, d5) = ((d + 3 * step).load(), (d + 4 * step).load(), (d + 5 * step).load())
            let (even, odd) = (d4 - d2 * 4, d3 - d1 * 4)
            let (near, far) = (d4 - d2, (d3 - d1) * 2)
            v.store(d0 * 4 - d2 * 5 + d4)
            (v + place).store(even + odd)
            (v + 2 * place).store(even - odd)
            (v + 3 * place).store(near + far)
            (v + 4 * place).store(near - far)
            (v + 5 * place).store(d1 * 4 - d3 * 5 + d5)
        }
    }

    enum DataTransposed: LineTransform {
        @inline(__always) static var from: Int { 6 }
        @inline(__always) static var to: Int { 6 }

        @inline(__always)
        static func apply(_ v: UnsafePointer<Float>, _ step: Int, _ d: UnsafeMutablePointer<Float>, _ place: Int) {
            let (v0, v1, v2) = (v.load(), (v + step).load(), (v + 2 * step).load())
            let (v3, v4, v5) = ((v + 3 * step).load(), (v + 4 * step).load(), (v + 5 * step).load())
            let (sum, difference) = (v1 + v2, v1 - v2)
            let (farSum, farDifference) = (v3 + v4, (v3 - v4) * 2)
            d.store(v0 * 4)
            (d + place).store((v5 - difference) * 4 - farDifference)
            (d + 2 * place).store(v0 * -5 - sum * 4 - farSum)
            (d + 3 * place).store(difference + farDifference - v5 * 5)
            (d + 4 * place).store(v0 + sum + farSum)
            (d + 5 * place).store(v5)
        }
    }

    enum Weights: LineTransform {
        @inline(__always) static var from: Int { 3 }
        @inline(__always) static var to: Int { 6 }

        @inline(__always)
        static func apply(_ g: UnsafePointer<Float>, _ step: Int, _ u: UnsafeMutablePointer<Float>, _ place: Int) {
            let (g0, g1, g2) = (g.load(), (g + step).load(), (g + 2 * step).load())
            let (outer, inner) = ((g0 + g2) * (-1 / 6), g1 * (-1 / 6))
            let (farOuter, farInner) = (g0 * (1 / 24) + g2 * (1 / 6), g1 * (1 / 12))
            u.store(g0 * 0.25)
            (u + place).store(outer + inner)
            (u + 2 * place).store(outer - inner)
            (u + 3 * place).store(farOuter + farInner)
            (u + 4 * place).store(farOuter - farInner)
            (u + 5 * place).store(g2)
        }
    }

    enum WeightsTransposed: LineTransform {
        @inline(__always) static var from: Int { 6 }
        @inline(__always) static var to: Int { 3 }

        @inline(__always)
        static func apply(_ u: UnsafePointer<Float>, _ step: Int, _ g: UnsafeMutablePointer<Float>, _ place: Int) {
            let (u0, u1, u2) = (u.load(), (u + step).load(), (u + 2 * step).load())
            let (u3, u4, u5) = ((u + 3 * step).load(), (u + 4 * step).load(), (u + 5 * step).load())
            let (sum, farSum) = ((u1 + u2) * (1 / 6), u3 + u4)
            g.store(u0 * 0.25 - sum + farSum * (1 / 24))
            (g + place).store((u2 - u1) * (1 / 6) + (u3 - u4) * (1 / 12))
            (g + 2 * place).store(farSum * (1 / 6) - sum + u5)
        }
    }

    enum Output: LineTransform {
        @inline(__always) static var from: Int { 6 }
        @inline(__always) static var to: Int { 4 }

        @inline(__always)
        static func apply(_ p: UnsafePointer<Float>, _ step: Int, _ y: UnsafeMutablePointer<Float>, _ place: Int) {
            let (p0, p1, p2) = (p.load(), (p + step).load(), (p + 2 * step).load())
            let (p3, p4, p5) = ((p + 3 * step).load(), (p + 4 * step).load(), (p + 5 * step).load())
            let (sum, difference) = (p1 + p2, p1 - p2)
            let (farSum, farDifference) = (p3 + p4, p3 - p4)
            y.store(p0 + sum + farSum)
            (y + place).store(difference + farDifference * 2)
            (y + 2 * place).store(sum + farSum * 4)
            (y + 3 * place).store(difference + farDifference * 8 + p5)
        }
    }

    enum OutputTransposed: LineTransform {
        @inline(__always) static var from: Int { 4 }
        @inline(__always) static var to: Int { 6 }

        @inline(__always)
        static func apply(_ y: UnsafePointer<Float>, _ step: Int, _ p: UnsafeMutablePointer<Float>, _ place: Int) {
            let (y0, y1, y2, y3) = (y.load(), (y + step).load(), (y + 2 * step).load(), (y + 3 * step).load())
            let (even, odd) = (y0 + y2, y1 + y3)
            let (farEven, farOdd) = (y0 + y2 * 4, y1 * 2 + y3 * 8)
            p.store(y0)
            (p + place).store(even + odd)
            (p + 2 * place).store(even - odd)
            (p + 3 * place).store(farEven + farOdd)
            (p + 4 * place).store(farEven - farOdd)
            (p + 5 * place).store(y3)
        }
    }
}

/// F(2, 3) with the points 0, ±1 and ∞: a 2×2 tile in 16 multiplications instead of 36.
enum WinogradTile2: WinogradTile {
    @inline(__always) static var outputs: Int { 2 }
    @inline(__always) static var points: Int { 4 }

    enum Data: LineTransform {
        @inline(__always) static var from: Int { 4 }
        @inline(__always) static var to: Int { 4 }

        @inline(__always)
        static func apply(_ d: UnsafePointer<Float>, _ step: Int, _ v: UnsafeMutablePointer<Float>, _ place: Int) {
            let (d0, d1, d2, d3) = (d.load(), (d + step).load(), (d + 2 * step).load(), (d + 3 * step).load())
            v.store(d0 - d2)
            (v + place).store(d1 + d2)
            (v + 2 * place).store(d2 - d1)
            (v + 3 * place).store(d1 - d3)
        }
    }

    enum DataTransposed: LineTransform {
        @inline(__always) static var from: Int { 4 }
        @inline(__always) static var to: Int { 4 }

        @inline(__always)
        static func apply(_ v: UnsafePointer<Float>, _ step: Int, _ d: UnsafeMutablePointer<Float>, _ place: Int) {
            let (v0, v1, v2, v3) = (v.load(), (v + step).load(), (v + 2 * step).load(), (v + 3 * step).load())
            d.store(v0)
            (d + place).store(v1 - v2 + v3)
            (d + 2 * place).store(v1 + v2 - v0)
            (d + 3 * place).store(-v3)
        }
    }

    enum Weights: LineTransform {
        @inline(__always) static var from: Int { 3 }
        @inline(__always) static var to: Int { 4 }

        @inline(__always)
        static func apply(_ g: UnsafePointer<Float>, _ step: Int, _ u: UnsafeMutablePointer<Float>, _ place: Int) {
            let (g0, g1, g2) = (g.load(), (g + step).load(), (g + 2 * step).load())
            let (outer, inner) = ((g0 + g2) * 0.5, g1 * 0.5)
            u.store(g0)
            (u + place).store(outer + inner)
            (u + 2 * place).store(outer - inner)
            (u + 3 * place).store(g2)
        }
    }

    enum WeightsTransposed: LineTransform {
        @inline(__always) static var from: Int { 4 }
        @inline(__always) static var to: Int { 3 }

        @inline(__always)
        static func apply(_ u: UnsafePointer<Float>, _ step: Int, _ g: UnsafeMutablePointer<Float>, _ place: Int) {
            let (u0, u1, u2, u3) = (u.load(), (u + step).load(), (u + 2 * step).load(), (u + 3 * step).load())
            let sum = (u1 + u2) * 0.5
            g.store(u0 + sum)
            (g + place).store((u1 - u2) * 0.5)
            (g + 2 * place).store(sum + u3)
        }
    }

    enum Output: LineTransform {
        @inline(__always) static var from: Int { 4 }
        @inline(__always) static var to: Int { 2 }

        @inline(__always)
        static func apply(_ p: UnsafePointer<Float>, _ step: Int, _ y: UnsafeMutablePointer<Float>, _ place: Int) {
            let (p0, p1, p2, p3) = (p.load(), (p + step).load(), (p + 2 * step).load(), (p + 3 * step).load())
            y.store(p0 + p1 + p2)
            (y + place).store(p1 - p2 - p3)
        }
    }

    enum OutputTransposed: LineTransform {
        @inline(__always) static var from: Int { 2 }
        @inline(__always) static var to: Int { 4 }

        @inline(__always)
        static func apply(_ y: UnsafePointer<Float>, _ step: Int, _ p: UnsafeMutablePointer<Float>, _ place: Int) {
            let (y0, y1) = (y.load(), (y + step).load())
            p.store(y0)
            (p + place).store(y0 + y1)
            (p + 2 * place).store(y0 - y1)
            (p + 3 * place).store(-y1)
        }
    }
}
