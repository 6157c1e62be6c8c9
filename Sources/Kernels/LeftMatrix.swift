/// The left operand of a product, read a few rows at a time: as rows, or as panels of columns.
@frozen public struct LeftMatrix {
    /// The first row's first number.
    public let pointer: UnsafePointer<Float>
    /// Floats from one row to the next.
    public let apart: Int
    /// Numbers of a row that lie together.
    public let run: Int
    /// Floats from the start of one run to the next's.
    public let nextRun: Int

    /// A matrix in rows.
    @inlinable @inline(__always)
    public init(rows pointer: UnsafePointer<Float>, apart: Int) {
        self.pointer = pointer
        self.apart = apart
        (run, nextRun) = (.max, 0)
    }

    /// A matrix in panels of `width` columns, `panel` floats apart.
    @inlinable @inline(__always)
    public init(panels pointer: UnsafePointer<Float>, width: Int, panel: Int) {
        self.pointer = pointer
        (apart, run, nextRun) = (width, width, panel)
    }

    /// The columns from one on, which begins a run.
    @inlinable @inline(__always)
    func from(column: Int) -> LeftMatrix {
        LeftMatrix(pointer + (run == .max ? column : column / run * nextRun), apart: apart, run: run, nextRun: nextRun)
    }

    @inlinable @inline(__always)
    init(_ pointer: UnsafePointer<Float>, apart: Int, run: Int, nextRun: Int) {
        (self.pointer, self.apart, self.run, self.nextRun) = (pointer, apart, run, nextRun)
    }
}

/// Where some neighbouring columns of a product go.
@frozen public struct ProductPanel {
    /// What the product is added to.
    @frozen public enum Start {
        /// Nothing.
        case zero
        /// The same numbers in every row: a bias.
        case row(UnsafePointer<Float>)
        /// What is there.
        case present
    }

    /// The first row's first number.
    public let pointer: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    public let leading: Int
    /// Columns written: a panel's width, or fewer at a matrix's end.
    public let columns: Int
    /// What the product is added to.
    public let start: Start

    /// Columns from `pointer` on, in rows `leading` floats apart.
    @inlinable @inline(__always)
    public init(_ pointer: UnsafeMutablePointer<Float>, leading: Int, columns: Int, start: Start = .zero) {
        self.pointer = pointer
        self.leading = leading
        self.columns = columns
        self.start = start
    }

    /// The same columns, added to what is there.
    @inlinable @inline(__always)
    var present: ProductPanel { ProductPanel(pointer, leading: leading, columns: columns, start: .present) }
}
