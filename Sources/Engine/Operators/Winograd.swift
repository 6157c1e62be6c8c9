/// A 3×3 convolution of stride 1 and padding 1 in tiles of m×m outputs (Lavin and Gray, arXiv 1509.09308): with n = m + 2 the
/// transformed data V, weights U and products M are n² planes, and M = V·Uᵀ plane by plane. n²/m² multiplications replace 9.
///
/// A block of tiles at a time, so that V and M stay in cache. Each block is three steps that all threads share: tiles are divided in
/// the transforms, planes in the products.
struct Winograd<Tile: WinogradTile> {
    let batch: Int
    /// Rows and columns of the map; input and output have the same.
    let height: Int
    let width: Int
    let inChannels: Int
    let outChannels: Int
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
    /// Tiles of the whole batch.
    var tiles: Int { batch * tileRows * tileColumns }

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
        let perImage = tileRows * tileColumns
        let within = tile % perImage
        return Place(
            pixel: tile / perImage * height * width, row: within / tileColumns * Tile.outputs,
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

    // MARK: Weights

    /// Floats of U.
    var preparedCount: Int { planes * plane(outChannels * inChannels) }

    /// U = G·g·Gᵀ for weights (out, 3, 3, in), as planes of (out, in).
    func prepare(_ weight: UnsafePointer<Float>, into u: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>) {
        let plane = plane(outChannels * inChannels)
        parallel.forEach(parallel.threads) { part in
            let (whole, half) = (scratch + part * squares, scratch + part * squares + planes * Elementwise.width)
            for out in (outChannels * part / parallel.threads)..<(outChannels * (part + 1) / parallel.threads) {
                Elementwise.forEachVector(0..<inChannels) { channel, lanes in
                    let source = weight + out * 9 * inChannels + channel
                    let target = u + out * inChannels + channel
                    if lanes == Elementwise.width {
                        both(
                            { Tile.weights($0, $1, $2, $3) }, from: 3, to: Tile.points, source, rows: 3 * inChannels, columns: inChannels,
                            target, rows: Tile.points * plane, columns: plane, half)
                    } else {
                        let square = whole + 2 * planes * Elementwise.width
                        for tap in 0..<9 {
                            (square + tap * Elementwise.width).store((source + tap * inChannels).load(lanes))
                        }
                        both(
                            { Tile.weights($0, $1, $2, $3) }, from: 3, to: Tile.points, square, rows: 3 * Elementwise.width,
                            columns: Elementwise.width, whole, rows: Tile.points * Elementwise.width, columns: Elementwise.width, half)
                        for index in 0..<planes {
                            (target + index * plane).store((whole + index * Elementwise.width).load(), lanes)
                        }
                    }
                }
            }
        }
    }

    // MARK: Blocks

    /// Tiles of a block in which a tile has `channels` numbers per plane.
    ///
    /// A product arranges its weights anew for every block, which asks for many tiles where weights are many; V and M should stay
    /// in the nearer caches, which asks for few. The number was found by measurement; 12 MiB bound what leaves the last cache.
    func blockTiles(_ channels: Int) -> Int {
        let most = max(32, min(inChannels * outChannels / 400, (3 << 20) / (planes * channels)))
        // Equal blocks: a short last one would multiply badly.
        let blocks = (tiles + most - 1) / most
        return (tiles + blocks - 1) / blocks
    }

    /// Calls `body` with one range of tiles after the other.
    @inline(__always)
    func forEachBlock(_ size: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: tiles, by: size) { body(start..<min(start + size, tiles)) }
    }

    // MARK: Forward

    var forwardScratch: Int {
        let block = blockTiles(inChannels + outChannels)
        return parallel.threads * squares + planes * (plane(block * inChannels) + plane(block * outChannels))
    }

    /// y = x ∗ w + b, with U prepared.
    func forward(_ call: OperatorCall) {
        let size = blockTiles(inChannels + outChannels)
        let (dataPlane, productPlane) = (plane(size * inChannels), plane(size * outChannels))
        let v = call.scratch + parallel.threads * squares
        let m = v + planes * dataPlane
        let weightPlane = plane(outChannels * inChannels)
        forEachBlock(size) { block in
            parallel.forEach(parallel.threads) { part in
                transformData(call.inputs[0], block, share(block, part), into: v, dataPlane, squares: call.scratch + part * squares)
            }
            parallel.ranges(planes) { range in
                for index in range {
                    Matrix.multiply(
                        rows: block.count, columns: outChannels, inner: inChannels, v + index * dataPlane, leading: inChannels,
                        call.prepared + index * weightPlane, leading: inChannels, transposeB: true,
                        into: m + index * productPlane, leading: outChannels)
                }
            }
            parallel.forEach(parallel.threads) { part in
                transformProducts(
                    m, productPlane, block, share(block, part), bias: call.parameters[1], into: call.output,
                    squares: call.scratch + part * squares)
            }
        }
    }

    /// The tiles of a block that one thread transforms.
    func share(_ block: Range<Int>, _ part: Int) -> Range<Int> {
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
