/// A few rows of a product, two vectors wide, held in registers while a sum over the inner dimension grows.
public protocol RowBlock<Vector> {
    /// A row is two of these.
    associatedtype Vector: SIMD where Vector.Scalar == Float

    /// Rows of the block.
    static var rows: Int { get }

    /// All zeros.
    init()

    /// Adds column · row: `a[r · apart]` for each row r, times the two vectors at `b`.
    mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>)

    /// Calls `body(row, first half, second half)` for the rows in turn.
    func forEachRow(_ body: (Int, Vector, Vector) -> Void)
}

/// Six rows: twelve sums, two vectors of B and one number of A fill the sixteen registers of AVX2.
@frozen public struct SixRows<Vector: SIMD>: RowBlock where Vector.Scalar == Float {
    @usableFromInline var (a0, b0) = (Vector.zero, Vector.zero)
    @usableFromInline var (a1, b1) = (Vector.zero, Vector.zero)
    @usableFromInline var (a2, b2) = (Vector.zero, Vector.zero)
    @usableFromInline var (a3, b3) = (Vector.zero, Vector.zero)
    @usableFromInline var (a4, b4) = (Vector.zero, Vector.zero)
    @usableFromInline var (a5, b5) = (Vector.zero, Vector.zero)

    /// Rows of the block.
    @inlinable @inline(__always) public static var rows: Int { 6 }

    /// All zeros.
    @inlinable @inline(__always) public init() {}

    /// Adds a column of A times a row of B.
    @inlinable @inline(__always)
    public mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>) {
        let (left, right) = (b.vector(Vector.self), (b + Vector.scalarCount).vector(Vector.self))
        var x = Vector(repeating: a[0])
        (a0, b0) = (a0.addingProduct(x, left), b0.addingProduct(x, right))
        x = Vector(repeating: a[apart])
        (a1, b1) = (a1.addingProduct(x, left), b1.addingProduct(x, right))
        x = Vector(repeating: a[2 * apart])
        (a2, b2) = (a2.addingProduct(x, left), b2.addingProduct(x, right))
        x = Vector(repeating: a[3 * apart])
        (a3, b3) = (a3.addingProduct(x, left), b3.addingProduct(x, right))
        x = Vector(repeating: a[4 * apart])
        (a4, b4) = (a4.addingProduct(x, left), b4.addingProduct(x, right))
        x = Vector(repeating: a[5 * apart])
        (a5, b5) = (a5.addingProduct(x, left), b5.addingProduct(x, right))
    }

    /// Calls `body` for the rows in turn.
    @inlinable @inline(__always)
    public func forEachRow(_ body: (Int, Vector, Vector) -> Void) {
        body(0, a0, b0)
        body(1, a1, b1)
        body(2, a2, b2)
        body(3, a3, b3)
        body(4, a4, b4)
        body(5, a5, b5)
    }
}

/// Four rows, for what six leave over: eight sums still keep two multipliers busy.
@frozen public struct FourRows<Vector: SIMD>: RowBlock where Vector.Scalar == Float {
    @usableFromInline var (a0, b0) = (Vector.zero, Vector.zero)
    @usableFromInline var (a1, b1) = (Vector.zero, Vector.zero)
    @usableFromInline var (a2, b2) = (Vector.zero, Vector.zero)
    @usableFromInline var (a3, b3) = (Vector.zero, Vector.zero)

    /// Rows of the block.
    @inlinable @inline(__always) public static var rows: Int { 4 }

    /// All zeros.
    @inlinable @inline(__always) public init() {}

    /// Adds a column of A times a row of B.
    @inlinable @inline(__always)
    public mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>) {
        let (left, right) = (b.vector(Vector.self), (b + Vector.scalarCount).vector(Vector.self))
        var x = Vector(repeating: a[0])
        (a0, b0) = (a0.addingProduct(x, left), b0.addingProduct(x, right))
        x = Vector(repeating: a[apart])
        (a1, b1) = (a1.addingProduct(x, left), b1.addingProduct(x, right))
        x = Vector(repeating: a[2 * apart])
        (a2, b2) = (a2.addingProduct(x, left), b2.addingProduct(x, right))
        x = Vector(repeating: a[3 * apart])
        (a3, b3) = (a3.addingProduct(x, left), b3.addingProduct(x, right))
    }

    /// Calls `body` for the rows in turn.
    @inlinable @inline(__always)
    public func forEachRow(_ body: (Int, Vector, Vector) -> Void) {
        body(0, a0, b0)
        body(1, a1, b1)
        body(2, a2, b2)
        body(3, a3, b3)
    }
}

extension UnsafePointer<Float> {
    /// The numbers from here on as a vector.
    @inlinable @inline(__always)
    func vector<Vector: SIMD>(_: Vector.Type) -> Vector where Vector.Scalar == Float {
        UnsafeRawPointer(self).loadUnaligned(as: Vector.self)
    }
}
