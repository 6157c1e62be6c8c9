/// Products with a matrix whose columns lie in panels, for vectors of one width.
///
/// A panel is `width` neighbouring columns of a matrix, row after row, so that a product reads it front to back and what has been laid out
/// once needs no rearranging; BLAS, which takes matrices as rows, rearranges both of its operands at every call. The technique is Goto's
/// and van de Geijn's (ACM TOMS 34(3), 2008), with the packing left to the caller.
///
/// The bodies are compiled into their callers, each for its own target's instructions.
public enum PanelProducts<Vector: ProductVector> {
    /// Columns of a panel: two vectors.
    @inlinable @inline(__always) public static var width: Int { 2 * Vector.scalarCount }

    /// C = A·B for one panel of B's columns, on top of what `c.start` says.
    ///
    /// - Parameters:
    ///   - a: rows × inner. Of fewer than six rows, up to five after the last one are read, whatever they hold.
    ///   - b: inner × width.
    @inlinable @inline(__always)
    public static func multiply(rows: Int, inner: Int, _ a: LeftMatrix, _ b: UnsafePointer<Float>, into c: ProductPanel) {
        // What many rows meet of B has to stay in the first cache.
        let parts = inner > 4 * deepest / 3 && rows > 12 ? (inner + deepest - 1) / deepest : 1
        let depth = parts == 1 ? inner : ((inner + parts - 1) / parts + width - 1) / width * width
        var start = 0
        // One loop for both cases: a body that stands once is compiled into whoever calls, for the instructions that he has.
        repeat {
            let (a, b, c) = (a.from(column: start), b + start * width, start == 0 ? c : c.present)
            let inner = min(depth, inner - start)
            var row = 0
            while row < rows {
                let left = rows - row
                if c.columns <= Vector.scalarCount {
                    // Half of the work is enough.
                    if left >= 8 {
                        multiply(EightNarrowRows<Vector>.self, row, rows, inner, a, b, c)
                        row += 8
                    } else {
                        multiply(FourNarrowRows<Vector>.self, row, rows, inner, a, b, c)
                        row += 4
                    }
                    continue
                }
                // Eight are two fours rather than six and two.
                if left >= 6 && left != 8 || left == 5 {
                    multiply(SixRows<Vector>.self, row, rows, inner, a, b, c)
                    row += 6
                } else {
                    multiply(FourRows<Vector>.self, row, rows, inner, a, b, c)
                    row += 4
                }
            }
            start += depth
        } while start < inner
    }

    /// Rows of a panel of B that are multiplied at a time: 24 KiB.
    @inlinable @inline(__always) static var deepest: Int { 6144 / width }

    /// One block of rows. The last one reaches back to rows that are done, where there are enough, rather than beyond the end.
    @inlinable @inline(__always)
    static func multiply<Block: RowBlock<Vector>>(
        _: Block.Type, _ row: Int, _ rows: Int, _ inner: Int, _ a: LeftMatrix, _ b: UnsafePointer<Float>, _ c: ProductPanel
    ) {
        let first = rows < 6 ? row : min(row, rows - Block.rows)
        var block = Block()
        var (b, run) = (b, a.pointer + first * a.apart)
        if c.leading != width { prefetch(c, first..<min(rows, first + Block.rows)) }
        var rest = inner
        if a.run == width && a.apart == width {
            // Rows at distances that the instructions hold.
            while rest >= width {
                for k in stride(from: 0, to: width, by: 4) {
                    for step in 0..<4 { block.add(run + k + step, apart: width, b + (k + step) * width) }
                }
                b += width * width
                run += a.nextRun
                rest -= width
            }
            for k in 0..<rest { block.add(run + k, apart: width, b + k * width) }
        } else {
            let apart = a.apart
            while rest > 0 {
                let depth = min(rest, a.run)
                for k in 0..<depth {
                    block.add(run + k, apart: apart, b)
                    b += width
                }
                run += a.nextRun
                rest -= depth
            }
        }
        store(block, first, rows: row..<rows, into: c)
    }

    /// Asks for the rows of a product that a block will write: far apart, the processor does not see them coming.
    @inlinable @inline(__always)
    static func prefetch(_ c: ProductPanel, _ rows: Range<Int>) {
        for row in rows { Kernels.prefetch(c.pointer + row * c.leading, count: width) }
    }

    /// C = Aᵀ·B for one panel of B's columns, on top of what `c.start` says.
    ///
    /// - Parameters:
    ///   - rows: of C: columns of A.
    ///   - inner: rows of A and B.
    ///   - a: inner × rows, in panels `panel` floats apart; all of the last one is read.
    ///   - b: inner × width.
    @inlinable @inline(__always)
    public static func multiplyTransposed(
        rows: Int, inner: Int, _ a: UnsafePointer<Float>, panel: Int, _ b: UnsafePointer<Float>, into c: ProductPanel
    ) {
        var a = a
        var first = 0
        while first < rows {
            let here = min(width, rows - first)
            var row = 0
            // A panel of 16 is 6 + 6 + 4 rows, one of 32 is 4 · 6 + 2 · 4.
            while row < here {
                let left = width - row
                if c.columns <= Vector.scalarCount {
                    multiplyTransposed(EightNarrowRows<Vector>.self, rows, inner, a + row, b, c, first + row)
                    row += 8
                    continue
                }
                if left % 4 != 0 || left > 8 {
                    multiplyTransposed(SixRows<Vector>.self, rows, inner, a + row, b, c, first + row)
                    row += 6
                } else {
                    multiplyTransposed(FourRows<Vector>.self, rows, inner, a + row, b, c, first + row)
                    row += 4
                }
            }
            a += panel
            first += here
        }
    }

    @inlinable @inline(__always)
    static func multiplyTransposed<Block: RowBlock<Vector>>(
        _: Block.Type, _ rows: Int, _ inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: ProductPanel, _ row: Int
    ) {
        var block = Block()
        var (a, b) = (a, b)
        for _ in 0..<inner {
            block.add(a, apart: 1, b)
            a += width
            b += width
        }
        store(block, row, rows: row..<rows, into: c)
    }

    /// Writes those of `rows` that are in a block that begins with row `first`.
    @inlinable @inline(__always)
    static func store<Block: RowBlock<Vector>>(_ block: Block, _ first: Int, rows: Range<Int>, into c: ProductPanel) {
        let lanes = Vector.scalarCount
        block.forEachRow { row, left, right in
            guard rows.contains(first + row) else { return }
            let target = c.pointer + (first + row) * c.leading
            if c.columns == lanes {
                switch c.start {
                case .zero: target.store(left)
                case .row(let start): target.store(start.vector(Vector.self) + left)
                case .present: target.store(UnsafePointer(target).vector(Vector.self) + left)
                }
                return
            }
            guard c.columns == width else {
                for lane in 0..<c.columns {
                    var value = lane < lanes ? left[lane] : right[lane - lanes]
                    switch c.start {
                    case .zero: break
                    case .row(let start): value += start[lane]
                    case .present: value += target[lane]
                    }
                    target[lane] = value
                }
                return
            }
            switch c.start {
            case .zero:
                target.store(left)
                (target + lanes).store(right)
            case .row(let start):
                target.store(start.vector(Vector.self) + left)
                (target + lanes).store((start + lanes).vector(Vector.self) + right)
            case .present:
                target.store(UnsafePointer(target).vector(Vector.self) + left)
                (target + lanes).store(UnsafePointer(target + lanes).vector(Vector.self) + right)
            }
        }
    }
}

extension UnsafeMutablePointer<Float> {
    @inlinable @inline(__always)
    func store<Vector: ProductVector>(_ vector: Vector) {
        UnsafeMutableRawPointer(self).storeBytes(of: vector, as: Vector.self)
    }
}
