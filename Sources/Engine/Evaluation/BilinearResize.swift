/// Pictures brought to another size as `F.interpolate(x, size, mode="bilinear", align_corners=False)` does it: between the four nearest pixels,
/// also where it makes smaller, without a filter before.
struct BilinearResize {
    private let rows: [Tap]
    private let columns: [Tap]
    private let (height, width): (Int, Int)

    /// Between which two lines a line of the result lies, and how near the second.
    private struct Tap {
        let first: Int
        let second: Int
        let share: Float

        /// In float32, as PyTorch reckons it for pictures of float32.
        static func all(from: Int, to: Int) -> [Tap] {
            let scale = Float(from) / Float(to)
            return (0..<to).map { place in
                let source = max(0, scale * (Float(place) + 0.5) - 0.5)
                let first = min(Int(source), from - 1)
                return Tap(first: first, second: min(first + 1, from - 1), share: source - Float(first))
            }
        }
    }

    init(height: Int, width: Int, to side: Int) {
        (self.height, self.width) = (height, width)
        (rows, columns) = (Tap.all(from: height, to: side), Tap.all(from: width, to: side))
    }

    /// Writes a picture's channel as every `stride`-th number: 8-bit values, from [0, 255] to [-1, 1].
    func write(_ plane: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<Float>, stride: Int) {
        var place = 0
        for row in rows {
            let (above, below) = (plane + row.first * width, plane + row.second * width)
            for column in columns {
                func between(_ line: UnsafePointer<UInt8>) -> Float {
                    let (left, right) = (Float(line[column.first]) / 255, Float(line[column.second]) / 255)
                    return left * (1 - column.share) + right * column.share
                }
                target[place] = 2 * (between(above) * (1 - row.share) + between(below) * row.share) - 1
                place += stride
            }
        }
    }
}
