/// A 3×3 convolution of stride 1 and padding 1 in tiles of m×m outputs (Lavin and Gray, arXiv 1509.09308): with n = m + 2 the
/// transformed data V, weights U and products M are n² planes, and M = V·U plane by plane. n²/m² multiplications replace 9.
///
/// A block of tiles at a time, so that V and M stay in cache. Where there are tiles enough every thread walks through blocks of its
/// own images; otherwise all threads share each block, dividing tiles in the transforms and planes in the products.
struct Winograd<Tile: WinogradTile> {
    let batch: Int
    /// Rows and columns of the map; input and output have the same.
    let height: Int
    let width: Int
    let inChannels: Int
    let outChannels: Int
    /// Who works on these images.
    let parallel: Parallel
    /// The images of the batch that this value is about.
    let images: Range<Int>
    /// Images of the largest share, and threads of all shares: what memory is laid out for.
    private let mostImages: Int
    let allThreads: Int

    init(_ call: CallShape) {
        batch = call.batch
        height = call.output.height
        width = call.output.width
        inChannels = call.inputs[0].channels
        outChannels = call.output.channels
        parallel = call.parallel
        images = 0..<call.batch
        mostImages = call.batch
        allThreads = call.parallel.threads
    }

    /// One thread's part of the images.
    private init(_ whole: Winograd, part: Int) {
        batch = whole.batch
        height = whole.height
        width = whole.width
        inChannels = whole.inChannels
        outChannels = whole.outChannels
        parallel = Parallel(threads: 1)
        allThreads = whole.parallel.threads
        images = (batch * part / allThreads)..<(batch * (part + 1) / allThreads)
        mostImages = (batch + allThreads - 1) / allThreads
    }

    var planes: Int { Tile.points * Tile.points }
    private var tileRows: Int { (height + Tile.outputs - 1) / Tile.outputs }
    private var tileColumns: Int { (width + Tile.outputs - 1) / Tile.outputs }
    private var tilesPerImage: Int { tileRows * tileColumns }
    /// Tiles of all images.
    var tiles: Int { images.count * tilesPerImage }

    /// The values that work side by side: one per thread with images of its own, or one that all threads share.
    var shares: Int {
        let tilesOfOne = batch / parallel.threads * tilesPerImage
        return parallel.threads > 1 && tilesOfOne >= 2 * blockTiles(inChannels + outChannels) ? parallel.threads : 1
    }

    /// One of ``shares``.
    func share(_ part: Int, of shares: Int) -> Winograd { shares == 1 ? self : Winograd(self, part: part) }

    /// Floats from one plane to the next. Planes a power of two apart would all fall into the same few lines of the first cache.
    func plane(_ count: Int) -> Int { (count + 15) / 16 * 16 + 16 }

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

    /// Applies a one-dimensional transform along the rows and then the columns of a square, `from` → `to` numbers each way.
    @inline(__always)
    func both(
        _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void, from: Int, to: Int,
        _ source: UnsafePointer<Float>, rows: Int, columns: Int, _ target: UnsafeMutablePointer<Float>, rows targetRows: Int,
        columns targetColumns: Int, _ half: UnsafeMutablePointer<Float>
    ) {
        let lanes = Elementwise.width
        for column in 0..<from { transform(source + column * columns, rows, half + column * lanes, from * lanes) }
        for row in 0..<to { transform(half + row * from * lanes, lanes, target + row * targetRows, targetColumns) }
    }

    /// Floats that a thread's transforms need beside what they read and write: two squares of vectors and the one in between.
    var squares: Int { 3 * planes * Elementwise.width }

    // MARK: Blocks

    /// OpenBLAS multiplies without rearranging its operands first where rows × columns × inner is no more than this.
    private static var smallProduct: Int { 1_000_000 }
    /// Fewer rows than this do not pay as a product of their own.
    static var fewRows: Int { 30 }
    private var smallRows: Int { Self.smallProduct / (inChannels * outChannels) }

    /// C = A·B for one plane, in small products where they are worth it.
    @inline(__always)
    func multiply(
        rows: Int, columns: Int, inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>
    ) {
        let step = smallRows >= Self.fewRows ? smallRows : rows
        for row in stride(from: 0, to: rows, by: step) {
            Matrix.multiply(
                rows: min(step, rows - row), columns: columns, inner: inner, a + row * inner, leading: inner, b, leading: columns,
                into: c + row * columns, leading: columns)
        }
    }

    /// Tiles of a block in which a tile has `channels` numbers per plane.
    ///
    /// Where weights are few a block is one small product, and V and M stay in a core's own cache. Where they are many they are read
    /// anew for every block, so it is as large as leaves them room in the last cache (12 MiB of V and M).
    ///
    /// - Parameter rowsWorth: tiles that a block must have at least to pay. Going back every block adds to all of dU.
    func blockTiles(_ channels: Int, rowsWorth: Int = Self.fewRows) -> Int {
        let most: Int
        if smallRows >= rowsWorth {
            most = max(24, min(smallRows, 600_000 / (planes * channels)))
        } else {
            most = max(32, min(max(64, inChannels * outChannels / 400), (3 << 20) / (planes * channels)))
        }
        // Equal blocks: a short last one would multiply badly.
        let tiles = mostImages * tilesPerImage
        let blocks = (tiles + most - 1) / most
        return (tiles + blocks - 1) / max(1, blocks)
    }

    /// Calls `body` with one range of tiles after the other.
    @inline(__always)
    func forEachBlock(_ size: Int, _ body: (Range<Int>) -> Void) {
        let (first, last) = (images.lowerBound * tilesPerImage, images.upperBound * tilesPerImage)
        for start in stride(from: first, to: last, by: size) { body(start..<min(start + size, last)) }
    }

    func scratchCount(isTraining: Bool) -> Int {
        let shares = shares
        let share = share(0, of: shares)
        return max(parallel.threads * squares, shares * max(share.forwardScratch, isTraining ? share.backwardScratch : 0))
    }

    // MARK: Forward

    private var forwardScratch: Int {
        let block = blockTiles(inChannels + outChannels)
        return parallel.threads * squares + planes * (plane(block * inChannels) + plane(block * outChannels))
    }

    /// y = x ∗ w + b, with U prepared as planes of (in, out).
    func forward(_ call: OperatorCall) {
        let shares = shares
        parallel.forEach(shares) { part in
            let share = share(part, of: shares)
            share.forward(call, scratch: call.scratch + part * share.forwardScratch)
        }
    }

    private func forward(_ call: OperatorCall, scratch: UnsafeMutablePointer<Float>) {
        let size = blockTiles(inChannels + outChannels)
        let (dataPlane, productPlane) = (plane(size * inChannels), plane(size * outChannels))
        let v = scratch + parallel.threads * squares
        let m = v + planes * dataPlane
        let weightPlane = plane(outChannels * inChannels)
        forEachBlock(size) { block in
            parallel.forEach(parallel.threads) { part in
                transformData(call.inputs[0], block, divide(block, part), into: v, dataPlane, squares: scratch + part * squares)
            }
            parallel.ranges(planes) { range in
                for index in range {
                    multiply(
                        rows: block.count, columns: outChannels, inner: inChannels, v + index * dataPlane,
                        call.prepared + index * weightPlane, into: m + index * productPlane)
                }
            }
            parallel.forEach(parallel.threads) { part in
                transformProducts(
                    m, productPlane, block, divide(block, part), bias: call.parameters[1], into: call.output,
                    squares: scratch + part * squares)
            }
        }
    }

    /// The tiles of a block that one thread transforms.
    func divide(_ block: Range<Int>, _ part: Int) -> Range<Int> {
        (block.lowerBound + block.count * part / parallel.threads)..<(block.lowerBound + block.count * (part + 1) / parallel.threads)
    }

    /// V = Bᵀ·d·B for tiles of n×n inputs, zeros around the map.
    func transformData(
        _ x: UnsafePointer<Float>, _ block: Range<Int>, _ tiles: Range<Int>, into v: UnsafeMutablePointer<Float>, _ plane: Int,
        squares: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.points
        let vector = Elementwise.width
        let (square, half, result) = (squares, squares + planes * vector, squares + 2 * planes * vector)
        for tile in tiles {
            let place = place(tile)
            let (top, left) = (place.row - 1, place.column - 1)
            let rows = max(0, -top)..<min(n, height - top)
            let columns = max(0, -left)..<min(n, width - left)
            let isInside = rows.count == n && columns.count == n
            let corner = x + (place.pixel + top * width + left) * inChannels
            let target = v + (tile - block.lowerBound) * inChannels
            if !isInside { square.update(repeating: 0, count: planes * vector) }
            Elementwise.forEachVector(0..<inChannels) { channel, lanes in
                if isInside && lanes == vector {
                    both(
                        { Tile.data($0, $1, $2, $3) }, from: n, to: n, corner + channel, rows: width * inChannels, columns: inChannels,
                        target + channel, rows: n * plane, columns: plane, half)
                    return
                }
                for row in rows {
                    for column in columns {
                        let source = corner + (row * width + column) * inChannels + channel
                        (square + (row * n + column) * vector).store(source.load(lanes))
                    }
                }
                if lanes == vector {
                    both(
                        { Tile.data($0, $1, $2, $3) }, from: n, to: n, square, rows: n * vector, columns: vector,
                        target + channel, rows: n * plane, columns: plane, half)
                } else {
                    both(
                        { Tile.data($0, $1, $2, $3) }, from: n, to: n, square, rows: n * vector, columns: vector,
                        result, rows: n * vector, columns: vector, half)
                    for index in 0..<planes { (target + channel + index * plane).store((result + index * vector).load(), lanes) }
                }
            }
        }
    }

    /// y = Aᵀ·M·A + b for tiles of m×m outputs, where they lie on the map.
    private func transformProducts(
        _ m: UnsafePointer<Float>, _ plane: Int, _ block: Range<Int>, _ tiles: Range<Int>, bias: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>
    ) {
        let (n, outputs) = (Tile.points, Tile.outputs)
        let vector = Elementwise.width
        let (square, half, result) = (squares, squares + planes * vector, squares + 2 * planes * vector)
        for tile in tiles {
            let place = place(tile)
            let (rows, columns) = (min(outputs, height - place.row), min(outputs, width - place.column))
            let source = m + (tile - block.lowerBound) * outChannels
            let corner = y + (place.pixel + place.row * width + place.column) * outChannels
            Elementwise.forEachVector(0..<outChannels) { channel, lanes in
                if lanes == vector {
                    both(
                        { Tile.output($0, $1, $2, $3) }, from: n, to: outputs, source + channel, rows: n * plane, columns: plane,
                        result, rows: outputs * vector, columns: vector, half)
                } else {
                    for index in 0..<planes { (square + index * vector).store((source + channel + index * plane).load(lanes)) }
                    both(
                        { Tile.output($0, $1, $2, $3) }, from: n, to: outputs, square, rows: n * vector, columns: vector,
                        result, rows: outputs * vector, columns: vector, half)
                }
                let b = (bias + channel).load(lanes)
                for row in 0..<rows {
                    for column in 0..<columns {
                        let value = (result + (row * outputs + column) * vector).load() + b
                        let target = corner + (row * width + column) * outChannels + channel
                        target.store(value, lanes)
                    }
                }
            }
        }
    }
}
