import Kernels

/// A 3×3 convolution of stride 1 and padding 1 in tiles of m×m outputs (Lavin and Gray, arXiv 1509.09308): with n = m + 2 the
/// transformed data V, weights U and products M are n² planes, and M = V·U plane by plane. n²/m² multiplications replace 9.
///
/// A block of tiles at a time, and of M a few panels at a time, so that they stay in cache.
struct Winograd<Tile: WinogradTile> {
    let batch: Int
    /// Rows and columns of the map; input and output have the same.
    let height: Int
    let width: Int
    let inChannels: Int
    let outChannels: Int
    /// Products, and how the planes lie for them.
    let panels = Panels.best
    /// Who works on these images.
    let parallel: Parallel

    init(_ call: CallShape) {
        batch = call.batch
        height = call.output.height
        width = call.output.width
        inChannels = call.inputs[0].channels
        outChannels = call.output.channels
        parallel = call.parallel
    }

    var planes: Int { Tile.points * Tile.points }
    private var tileRows: Int { (height + Tile.outputs - 1) / Tile.outputs }
    private var tileColumns: Int { (width + Tile.outputs - 1) / Tile.outputs }
    private var tilesPerImage: Int { tileRows * tileColumns }
    /// Tiles of all images.
    var tiles: Int { batch * tilesPerImage }

    /// Floats from one plane to the next. Planes a power of two apart would all fall into the same few lines of the first cache.
    func plane(rows: Int, channels: Int) -> Int { panels.size(rows: rows, columns: channels) + 16 }

    /// Where a tile lies: its image's first pixel, and the row and column of its first output.
    struct Place {
        let pixel: Int
        let row: Int
        let column: Int
    }

    @inline(__always)
    func place(_ tile: Int) -> Place {
        let within = tile % tilesPerImage
        return Place(
            pixel: tile / tilesPerImage * height * width, row: within / tileColumns * Tile.outputs,
            column: within % tileColumns * Tile.outputs)
    }

    /// Matrices of (tiles or channels, channels), one for each plane, in panels.
    struct Planes {
        let pointer: UnsafeMutablePointer<Float>
        /// Rows of each matrix.
        let rows: Int
        /// Floats from one plane to the next.
        let plane: Int
        /// Columns of a panel.
        let width: Int
        /// Floats from one panel to the next.
        var panel: Int { rows * width }

        /// One panel of one plane.
        @inline(__always)
        func panel(_ panel: Int, _ plane: Int) -> UnsafeMutablePointer<Float> { pointer + plane * self.plane + panel * self.panel }

        /// A plane as a product's left operand.
        @inline(__always)
        func left(_ plane: Int) -> LeftMatrix { LeftMatrix(panels: panel(0, plane), width: width, panel: panel) }

        /// The first columns of one panel of one plane as a product.
        @inline(__always)
        func product(_ panel: Int, _ plane: Int, columns: Int, start: ProductPanel.Start = .zero) -> ProductPanel {
            ProductPanel(self.panel(panel, plane), leading: width, columns: columns, start: start)
        }

        /// The first plane's numbers from a column on.
        @inline(__always)
        func at(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> {
            // The width is a power of two.
            pointer + (column & ~(width - 1)) * rows + row * width + (column & (width - 1))
        }
    }

    func planes(_ pointer: UnsafeMutablePointer<Float>, rows: Int, channels: Int) -> Planes {
        Planes(pointer: pointer, rows: rows, plane: plane(rows: rows, channels: channels), width: panels.width)
    }

    /// Applies a one-dimensional transform along the rows and then the columns of a square.
    @inline(__always)
    func both<Line: LineTransform>(
        _: Line.Type, _ source: UnsafePointer<Float>, rows: Int, columns: Int, _ target: UnsafeMutablePointer<Float>,
        rows targetRows: Int, columns targetColumns: Int, _ half: UnsafeMutablePointer<Float>
    ) {
        let lanes = Elementwise.width
        for column in 0..<Line.from { Line.apply(source + column * columns, rows, half + column * lanes, Line.from * lanes) }
        for row in 0..<Line.to { Line.apply(half + row * Line.from * lanes, lanes, target + row * targetRows, targetColumns) }
    }

    /// Transforms squares of a map, one for each tile, into planes: V = Bᵀ·d·B of the data, P = A·dy·Aᵀ of the gradient.
    ///
    /// - Parameters:
    ///   - map: (batch, height, width, channels); zeros around it.
    ///   - border: pixels by which a square begins before its tile's outputs, above and on the left.
    ///   - tiles: those of the block that are transformed.
    func transform<Line: LineTransform>(
        _: Line.Type, _ map: UnsafePointer<Float>, _ channels: Int, border: Int, _ block: Range<Int>, _ tiles: Range<Int>,
        into target: Planes, squares: UnsafeMutablePointer<Float>
    ) {
        let size = Line.from
        let vector = Elementwise.width
        let (square, half) = (squares, squares + planes * vector)
        for tile in tiles {
            let place = place(tile)
            let (top, left) = (place.row - border, place.column - border)
            let rows = max(0, -top)..<min(size, height - top)
            let columns = max(0, -left)..<min(size, width - left)
            let isInside = rows.count == size && columns.count == size
            let corner = map + (place.pixel + top * width + left) * channels
            if !isInside { square.update(repeating: 0, count: size * size * vector) }
            Elementwise.forEachVector(0..<channels) { channel, lanes in
                let result = target.at(tile - block.lowerBound, channel)
                if isInside && lanes == vector {
                    both(
                        Line.self, corner + channel, rows: width * channels, columns: channels, result, rows: Line.to * target.plane,
                        columns: target.plane, half)
                    return
                }
                for row in rows {
                    for column in columns {
                        let source = corner + (row * width + column) * channels + channel
                        (square + (row * size + column) * vector).store(source.load(lanes))
                    }
                }
                both(
                    Line.self, square, rows: size * vector, columns: vector, result, rows: Line.to * target.plane, columns: target.plane,
                    half)
            }
        }
    }

    /// Floats that a thread's transforms need beside what they read and write: a square of vectors, and the one half-way to it.
    var squares: Int { 2 * planes * Elementwise.width }

    /// How many tiles a block has, if it should have `most`: blocks are equal, as a short last one would multiply badly.
    func blockTiles(_ most: Int) -> Int {
        let blocks = max(1, (tiles + most - 1) / most)
        return min(tiles, ((tiles + blocks - 1) / blocks + 5) / 6 * 6)
    }

    /// How many blocks there are of `size` tiles.
    func blocks(_ size: Int) -> Int { (tiles + size - 1) / size }

    /// The tiles of a block.
    func block(_ index: Int, _ size: Int) -> Range<Int> { (index * size)..<min(tiles, (index + 1) * size) }

    /// Calls `body(panels, worker)` for a few panels of `count` at a time.
    @inline(__always)
    func forEachChunk(_ chunk: Int, of count: Int, _ parallel: Parallel, _ body: (Range<Int>, Int) -> Void) {
        parallel.forEach((count + chunk - 1) / chunk) { index, worker in
            body((index * chunk)..<min(count, (index + 1) * chunk), worker)
        }
    }

    /// Panels of M, of `count`, that are made at a time, so that they stay in a core's own cache (of 512 KiB or more) and every thread
    /// finds work.
    func chunk(of count: Int, tiles: Int, threads: Int) -> Int {
        max(1, min(110_000 / (planes * tiles * panels.width), count / threads))
    }

    /// Floats of the transformed data of a block that threads share: with the weights beside it, what the last cache can hold.
    static var sharedFloats: Int { 2 << 20 }

    /// Tiles that are transformed at a time where threads share a block.
    static var transformedTiles: Int { 8 }

    /// Calls `body(tiles, worker)` for a few tiles of a block at a time.
    @inline(__always)
    func forEachTiles(of block: Range<Int>, _ parallel: Parallel, _ body: (Range<Int>, Int) -> Void) {
        let step = Self.transformedTiles
        parallel.forEach((block.count + step - 1) / step) { index, worker in
            let first = block.lowerBound + index * step
            body(first..<min(first + step, block.upperBound), worker)
        }
    }

    /// The channels of some panels.
    func channels(_ panels: Range<Int>, of count: Int) -> Range<Int> {
        (panels.lowerBound * self.panels.width)..<min(count, panels.upperBound * self.panels.width)
    }

    func scratchCount(isTraining: Bool) -> Int {
        if isStreaming { return max(streamingCount, isTraining ? streamingBackwardCount : 0) }
        return max(forwardMemory.count, isTraining ? backwardMemory.count : 0)
    }
}
