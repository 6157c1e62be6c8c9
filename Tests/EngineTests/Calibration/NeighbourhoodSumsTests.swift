import Engine
import Testing

/// Against rows that are laid out, pixel by pixel, in double precision.
@Suite struct NeighbourhoodSumsTests {
    private struct Sums {
        var gram: [Double]
        var right: [Double]
    }

    /// By the definition: what is left of the diagonal, and it.
    private static func plain(_ maps: [Float], _ shape: Shape, batch: Int, _ residuals: [Float], outputs: Int) -> Sums {
        let size = 9 * shape.channels + 1
        var sums = Sums(gram: .init(repeating: 0, count: size * size), right: .init(repeating: 0, count: outputs * size))
        for pixel in 0..<(batch * shape.pixels) {
            let (image, y, x) = (pixel / shape.pixels, pixel % shape.pixels / shape.width, pixel % shape.width)
            var row: [Double] = []
            for (down, right) in (0..<9).map({ ($0 / 3 - 1, $0 % 3 - 1) }) {
                let isOnMap = (0..<shape.height).contains(y + down) && (0..<shape.width).contains(x + right)
                for channel in 0..<shape.channels {
                    let place = ((image * shape.height + y + down) * shape.width + x + right) * shape.channels + channel
                    row.append(isOnMap ? Double(maps[place]) : 0)
                }
            }
            row.append(1)
            for one in 0..<size {
                for other in 0...one { sums.gram[one * size + other] += row[one] * row[other] }
                for output in 0..<outputs { sums.right[output * size + one] += Double(residuals[pixel * outputs + output]) * row[one] }
            }
        }
        return sums
    }

    private static func found(
        _ maps: [Float], _ shape: Shape, batch: Int, _ residuals: [Float], outputs: Int, threads: Int
    ) -> Sums {
        let size = 9 * shape.channels + 1
        var found = Sums(gram: .init(repeating: 0, count: size * size), right: .init(repeating: 0, count: outputs * size))
        let sums = NeighbourhoodSums(shape, outputs: outputs, batch: batch)
        // What memory holds beforehand does not matter.
        var memory = [Float](repeating: .nan, count: NeighbourhoodSums.floats(shape, outputs: outputs, batch: batch))
        memory.withUnsafeMutableBufferPointer { memory in
            sums.add(maps, memory: memory.baseAddress!, parallel: Parallel(threads: threads)) { pixel, target in
                for output in 0..<outputs { target[output] = residuals[pixel * outputs + output] }
            }
        }
        found.gram.withUnsafeMutableBufferPointer { gram in
            found.right.withUnsafeMutableBufferPointer { sums.write(gram: gram.baseAddress!, right: $0.baseAddress!) }
        }
        return found
    }

    @Test(arguments: [
        (4, 4, 8, 1, 1), (5, 7, 9, 3, 4), (4, 6, 3, 2, 17), (1, 5, 2, 3, 2), (6, 1, 2, 2, 3), (1, 1, 3, 4, 2), (2, 2, 5, 3, 3),
        // Several runs, blocks and images in a run; a last run of fewer images.
        (16, 16, 5, 19, 3), (33, 40, 4, 3, 2), (64, 64, 96, 13, 8),
    ])
    func theyAreThoseOfRows(height: Int, width: Int, channels: Int, batch: Int, outputs: Int) {
        let shape = Shape(height: height, width: width, channels: channels)
        var generator = TorchGenerator(seed: 3)
        // Off zero, so that what is missing at a border shows in every sum.
        let maps = generator.randn(batch * shape.count).map { $0 + 0.5 }
        let residuals = generator.randn(batch * shape.pixels * outputs).map { $0 - 0.25 }
        let found = Self.found(maps, shape, batch: batch, residuals, outputs: outputs, threads: 2)
        #expect(found.gram == Self.found(maps, shape, batch: batch, residuals, outputs: outputs, threads: 1).gram)
        // Of the large one some columns: all of them take minutes.
        let kept = channels > 32 ? [0, 1, channels - 1] : Array(0..<channels)
        let few = Shape(height: height, width: width, channels: kept.count)
        let some = (0..<(batch * shape.pixels)).flatMap { pixel in kept.map { maps[pixel * channels + $0] } }
        let expected = Self.plain(some, few, batch: batch, residuals, outputs: outputs)
        let places = (0..<9).flatMap { tap in kept.map { tap * channels + $0 } } + [9 * channels]
        let size = 9 * channels + 1
        let scale = Double(batch * shape.pixels)
        var worst = 0.0
        for (row, one) in places.enumerated() {
            for (column, other) in places.enumerated() where column <= row {
                worst = max(worst, abs(found.gram[one * size + other] - expected.gram[row * places.count + column]) / scale)
            }
            for output in 0..<outputs {
                worst = max(worst, abs(found.right[output * size + one] - expected.right[output * places.count + row]) / scale)
            }
        }
        #expect(worst < 2e-6, "\(worst)")
    }
}
