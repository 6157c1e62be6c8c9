/// A few rows of a product, two vectors wide or one, held in registers while a sum over the inner dimension grows.
public protocol RowBlock<Vector> {
    /// A row is two of these.
    associatedtype Vector: ProductVector

    /// Rows of the block.
    static var rows: Int { get }

    /// All zeros.
    init()

    /// Adds column · row: `a[r · apart]` for each row r, times the two vectors at `b`.
    mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>)

    /// Calls `body(row, first half, second half)` for the rows in turn.
    func forEachRow(_ body: (Int, Vector, Vector) -> Void)
}

/// One row.
@frozen public struct OneRow<Vector: ProductVector>: RowBlock {
    @usableFromInline var (first, second) = (Vector.zero, Vector.zero)

    /// Rows of the block.
    @inlinable @inline(__always) public static var rows: Int { 1 }

    /// All zeros.
    @inlinable @inline(__always) public init() {}

    /// Adds a number times a row of B.
    @inlinable @inline(__always)
    public mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>) {
        let x = Vector(repeating: a[0])
        first = first.adding(x, times: b.vector(Vector.self))
        second = second.adding(x, times: (b + Vector.scalarCount).vector(Vector.self))
    }

    /// Calls `body` for the row.
    @inlinable @inline(__always)
    public func forEachRow(_ body: (Int, Vector, Vector) -> Void) { body(0, first, second) }
}

/// One row of which the first vector alone is made.
@frozen public struct OneNarrowRow<Vector: ProductVector>: RowBlock {
    @usableFromInline var sum = Vector.zero

    /// Rows of the block.
    @inlinable @inline(__always) public static var rows: Int { 1 }

    /// All zeros.
    @inlinable @inline(__always) public init() {}

    /// Adds a number times the first half of a row of B.
    @inlinable @inline(__always)
    public mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>) {
        sum = sum.adding(Vector(repeating: a[0]), times: b.vector(Vector.self))
    }

    /// Calls `body` for the row, whose second half is zero.
    @inlinable @inline(__always)
    public func forEachRow(_ body: (Int, Vector, Vector) -> Void) { body(0, sum, .zero) }
}

/// The rows of two blocks, one after the other.
@frozen public struct Both<Upper: RowBlock, Lower: RowBlock>: RowBlock where Upper.Vector == Lower.Vector {
    /// A row is two of these.
    public typealias Vector = Upper.Vector

    @usableFromInline var upper = Upper()
    @usableFromInline var lower = Lower()

    /// Rows of the block.
    @inlinable @inline(__always) public static var rows: Int { Upper.rows + Lower.rows }

    /// All zeros.
    @inlinable @inline(__always) public init() {}

    /// Adds a column of A times a row of B.
    @inlinable @inline(__always)
    public mutating func add(_ a: UnsafePointer<Float>, apart: Int, _ b: UnsafePointer<Float>) {
        upper.add(a, apart: apart, b)
        lower.add(a + Upper.rows * apart, apart: apart, b)
    }

    /// Calls `body` for the rows in turn.
    @inlinable @inline(__always)
    public func forEachRow(_ body: (Int, Vector, Vector) -> Void) {
        upper.forEachRow(body)
        lower.forEachRow { body(Upper.rows + $0, $1, $2) }
    }
}

/// Two rows.
public typealias TwoRows<Vector: ProductVector> = Both<OneRow<Vector>, OneRow<Vector>>
/// Four rows, for what six leave over: eight sums still keep two multipliers busy.
public typealias FourRows<Vector: ProductVector> = Both<TwoRows<Vector>, TwoRows<Vector>>
/// Six rows: twelve sums, two vectors of B and one number of A fill the sixteen registers of AVX2.
public typealias SixRows<Vector: ProductVector> = Both<FourRows<Vector>, TwoRows<Vector>>

/// Four narrow rows, for what eight leave over.
public typealias FourNarrowRows<Vector: ProductVector> = Both<
    Both<OneNarrowRow<Vector>, OneNarrowRow<Vector>>, Both<OneNarrowRow<Vector>, OneNarrowRow<Vector>>
>
/// Eight narrow rows: as many sums as keep two multipliers busy.
public typealias EightNarrowRows<Vector: ProductVector> = Both<FourNarrowRows<Vector>, FourNarrowRows<Vector>>

extension UnsafePointer<Float> {
    /// The numbers from here on as a vector.
    @inlinable @inline(__always)
    func vector<Vector: ProductVector>(_: Vector.Type) -> Vector {
        UnsafeRawPointer(self).loadUnaligned(as: Vector.self)
    }
}
