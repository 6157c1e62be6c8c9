/// Tiles of a map of latents that overlap by a quarter, and how what became of them is blended (diffusers' `tiled_encode` and `tiled_decode`).
///
/// What is computed of tiles is not what is computed of the whole: each has norms and attention of its own.
struct LatentTiles {
    /// One tile, in pixels of latents.
    struct Tile {
        let row: Int
        let column: Int
        let height: Int
        let width: Int

        /// The same in pixels of a map so many times as large.
        func times(_ factor: Int) -> Tile {
            Tile(row: row * factor, column: column * factor, height: height * factor, width: width * factor)
        }
    }

    /// Rows of tiles, from top to bottom, each from left to right.
    let rows: [[Tile]]
    private let side: Int

    /// - Parameters:
    ///   - side: of a tile, a multiple of 4; the last ones are smaller. 0 is one tile.
    ///   - height: of the latents.
    ///   - width: of the latents.
    init(side: Int, height: Int, width: Int) {
        let side = side == 0 ? max(height, width, 4) * 2 : side
        self.side = side
        let step = side - side / 4
        rows = stride(from: 0, to: height, by: step).map { row in
            stride(from: 0, to: width, by: step).map { column in
                Tile(row: row, column: column, height: min(side, height - row), width: min(side, width - column))
            }
        }
    }

    /// A tile's pixels of a map, (channels, height, width) both.
    static func crop(_ map: ArraySlice<Float>, _ shape: Shape, _ tile: Tile) -> [Float] {
        var cropped: [Float] = []
        cropped.reserveCapacity(tile.height * tile.width * shape.channels)
        for channel in 0..<shape.channels {
            for row in tile.row..<(tile.row + tile.height) {
                let start = map.startIndex + (channel * shape.height + row) * shape.width + tile.column
                cropped += map[start..<(start + tile.width)]
            }
        }
        return cropped
    }

    /// One map of what became of the tiles: each fades into those above it and on its left.
    ///
    /// - Parameters:
    ///   - tiles: numbers of each, (channels, height, width), in the order of ``rows``.
    ///   - factor: pixels of them for one of latents.
    ///   - shape: of the map.
    func blend(_ tiles: [[Float]], factor: Int, shape: Shape) -> [Float] {
        var tiles = tiles
        var map = [Float](repeating: 0, count: shape.count)
        let (extent, kept) = (side / 4 * factor, (side - side / 4) * factor)
        let columns = rows.first?.count ?? 0
        for (y, row) in rows.enumerated() {
            for (x, tile) in row.enumerated() {
                let tile = tile.times(factor)
                let index = y * columns + x
                if y > 0 {
                    let above = rows[y - 1][x].times(factor)
                    Self.fade(&tiles, from: index - columns, above, to: index, tile, isAbove: true, extent, shape.channels)
                }
                if x > 0 {
                    let left = row[x - 1].times(factor)
                    Self.fade(&tiles, from: index - 1, left, to: index, tile, isAbove: false, extent, shape.channels)
                }
                let (height, width) = (min(kept, tile.height), min(kept, tile.width))
                for channel in 0..<shape.channels {
                    for line in 0..<height {
                        let source = (channel * tile.height + line) * tile.width
                        let target = (channel * shape.height + tile.row + line) * shape.width + tile.column
                        map.replaceSubrange(target..<(target + width), with: tiles[index][source..<(source + width)])
                    }
                }
            }
        }
        return map
    }

    /// Fades a tile's first rows, or columns, into its neighbour's last ones.
    private static func fade(
        _ tiles: inout [[Float]], from neighbour: Int, _ former: Tile, to index: Int, _ tile: Tile, isAbove: Bool, _ extent: Int,
        _ channels: Int
    ) {
        let depth = min(isAbove ? former.height : former.width, isAbove ? tile.height : tile.width, extent)
        let (height, width) = isAbove ? (depth, tile.width) : (tile.height, depth)
        let (down, right) = isAbove ? (former.height - depth, 0) : (0, former.width - depth)
        for channel in 0..<channels {
            for row in 0..<height {
                for column in 0..<width {
                    let share = Float(isAbove ? row : column) / Float(depth)
                    let source = (channel * former.height + down + row) * former.width + right + column
                    let target = (channel * tile.height + row) * tile.width + column
                    tiles[index][target] = tiles[neighbour][source] * (1 - share) + tiles[index][target] * share
                }
            }
        }
    }
}
