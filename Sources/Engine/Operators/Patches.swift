/// The patch matrix of a convolution (im2col), made a panel at a time: one row per output pixel, as many columns as the kernel has rows, columns and
/// channels.
struct Patches {
    let batch: Int
    /// One sample of what the kernel slides over.
    let input: Shape
    /// One sample of the result; only its height and width count here.
    let output: Shape
    /// Rows of the kernel.
    let kernel: Int
    /// Columns of the kernel.
    let kernelWidth: Int
    let stride: Int
    /// Rows of zeros above the input.
    let top: Int
    /// Columns of zeros left of the input.
    let left: Int

    /// - Parameter kernelWidth: nil where the kernel is square.
    init(batch: Int, input: Shape, output: Shape, kernel: Int, kernelWidth: Int? = nil, stride: Int, top: Int, left: Int) {
        (self.batch, self.input, self.output, self.kernel, self.stride, self.top, self.left) =
            (batch, input, output, kernel, stride, top, left)
        self.kernelWidth = kernelWidth ?? kernel
    }

    /// Columns of the patch matrix.
    var depth: Int { kernel * kernelWidth * input.channels }
    /// Rows of the patch matrix.
    var rows: Int { batch * output.pixels }

    /// Floats of one panel: small enough to stay in a core's share of the cache, large enough that packing the weights pays.
    private static let panelSize = 1 << 20

    private func panelRows(_ count: Int) -> Int { max(1, min(count, max(64, Self.panelSize / depth))) }

    /// Floats of working memory that any walk below needs.
    func scratchCount(_ parallel: Parallel) -> Int { panelRows(rows) * depth * parallel.threads }

    /// Which part of a product's columns a call is to make.
    struct Columns {
        let part: Int
        let parts: Int
        func of(_ count: Int) -> Range<Int> { (count * part / parts)..<(count * (part + 1) / parts) }
    }

    /// Calls `body(panel, rows, columns)` from all threads so that every (row, column) is covered once.
    ///
    /// With enough rows each thread walks through panels of its own; a small map is laid out once and its columns are divided.
    func forEachPanel(
        of x: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, _ parallel: Parallel,
        _ body: (UnsafePointer<Float>, Range<Int>, Columns) -> Void
    ) {
        guard rows >= 96 * parallel.threads else {
            return forEachSharedPanel(of: x, scratch: scratch, parallel) { panel, rows in
                parallel.forEach(parallel.threads) { body(panel, rows, Columns(part: $0, parts: parallel.threads)) }
            }
        }
        let size = panelRows(rows)
        parallel.forEach(parallel.threads) { part in
            let panel = scratch + part * size * depth
            var row = rows * part / parallel.threads
            let end = rows * (part + 1) / parallel.threads
            while row < end {
                let range = row..<min(row + size, end)
                gather(x, range, into: panel)
                body(panel, range, Columns(part: 0, parts: 1))
                row = range.upperBound
            }
        }
    }

    /// Calls `body(panel, rows)` for one panel after the other; all threads make the panel, then `body` may divide its work again.
    func forEachSharedPanel(
        of x: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, _ parallel: Parallel,
        _ body: (UnsafePointer<Float>, Range<Int>) -> Void
    ) {
        let size = min(rows, panelRows(rows) * parallel.threads)
        for start in Swift.stride(from: 0, to: rows, by: size) {
            let range = start..<min(start + size, rows)
            parallel.ranges(range.count, grain: 8) { part in
                gather(x, (start + part.lowerBound)..<(start + part.upperBound), into: scratch + part.lowerBound * depth)
            }
            body(scratch, range)
        }
    }

    /// Writes the given rows of the patch matrix.
    func gather(_ x: UnsafePointer<Float>, _ rows: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        let channels = input.channels
        var target = panel
        for row in rows {
            let image = row / output.pixels
            let pixel = row % output.pixels
            let firstColumn = pixel % output.width * stride - left
            let firstRow = pixel / output.width * stride - top
            // The kernel's columns that fall on the map: [from, to).
            let from = max(0, -firstColumn)
            let to = min(kernelWidth, input.width - firstColumn)
            for tap in 0..<kernel {
                let y = firstRow + tap
                if y < 0 || y >= input.height || from >= to {
                    target.update(repeating: 0, count: kernelWidth * channels)
                } else {
                    let source = x + ((image * input.height + y) * input.width + firstColumn + from) * channels
                    target.update(repeating: 0, count: from * channels)
                    (target + from * channels).update(from: source, count: (to - from) * channels)
                    (target + to * channels).update(repeating: 0, count: (kernelWidth - to) * channels)
                }
                target += kernelWidth * channels
            }
        }
    }

    /// dx from dy for any stride: the patches' gradient dy · W, added back to where each patch came from (col2im), image by image.
    func scatter(
        _ dy: UnsafePointer<Float>, weight: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, accumulating: Bool,
        scratch: UnsafeMutablePointer<Float>, _ parallel: Parallel
    ) {
        let size = panelRows(rows)
        let parts = min(parallel.threads, batch)
        parallel.forEach(parts) { part in
            let panel = scratch + part * size * depth
            for image in (batch * part / parts)..<(batch * (part + 1) / parts) {
                let target = dx + image * input.count
                if !accumulating { target.update(repeating: 0, count: input.count) }
                for start in Swift.stride(from: 0, to: output.pixels, by: size) {
                    let pixels = start..<min(start + size, output.pixels)
                    Matrix.multiply(
                        rows: pixels.count, columns: depth, inner: output.channels,
                        dy + (image * output.pixels + start) * output.channels, leading: output.channels,
                        weight, leading: depth, into: panel, leading: depth)
                    addBack(panel, pixels, to: target)
                }
            }
        }
    }

    private func addBack(_ panel: UnsafePointer<Float>, _ pixels: Range<Int>, to target: UnsafeMutablePointer<Float>) {
        let channels = input.channels
        var source = panel
        for pixel in pixels {
            let firstColumn = pixel % output.width * stride - left
            let firstRow = pixel / output.width * stride - top
            let from = max(0, -firstColumn)
            let to = min(kernelWidth, input.width - firstColumn)
            for tap in 0..<kernel {
                let y = firstRow + tap
                if y >= 0 && y < input.height && from < to {
                    let place = target + (y * input.width + firstColumn + from) * channels
                    Elementwise.add((to - from) * channels, source + from * channels, to: place)
                }
                source += kernelWidth * channels
            }
        }
    }
}
