import Engine

extension Twin {
    /// What is made of the numbers of a channel in each window of 3 × 3 pixels, as far as they are on the map.
    static func window(stride: Int, padding: Int, _ function: @escaping @Sendable ([Double]) -> Double) -> Twin {
        Twin { inputs, _ in
            let x = inputs[0]
            let rows = Array(Swift.stride(from: -padding, through: x.shape.height + padding - 3, by: stride))
            let columns = Array(Swift.stride(from: -padding, through: x.shape.width + padding - 3, by: stride))
            var y = Samples(
                batch: x.batch, shape: Shape(height: rows.count, width: columns.count, channels: x.shape.channels), values: [])
            for image in 0..<x.batch {
                for row in rows {
                    for column in columns {
                        for channel in 0..<x.shape.channels {
                            var numbers: [Double] = []
                            for pixel in (row..<row + 3).filter((0..<x.shape.height).contains) {
                                for place in (column..<column + 3).filter((0..<x.shape.width).contains) {
                                    numbers.append(x.values[x.start(image, pixel * x.shape.width + place) + channel])
                                }
                            }
                            y.values.append(function(numbers))
                        }
                    }
                }
            }
            return y
        }
    }
}
