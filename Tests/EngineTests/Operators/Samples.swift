import Engine

/// Activations of a batch in double precision: (batch, height, width, channels).
struct Samples: Sendable {
    let batch: Int
    let shape: Shape
    var values: [Double]

    init(batch: Int, shape: Shape, values: [Double]? = nil) {
        self.batch = batch
        self.shape = shape
        self.values = values ?? [Double](repeating: 0, count: batch * shape.count)
    }

    /// Where the channels of a pixel start; `pixel` counts through one image.
    func start(_ image: Int, _ pixel: Int) -> Int { (image * shape.pixels + pixel) * shape.channels }

    /// The given channels alone.
    func keeping(_ channels: [Int]) -> Samples {
        var result = Samples(batch: batch, shape: shape.with(channels: channels.count), values: [])
        for image in 0..<batch {
            for pixel in 0..<shape.pixels { result.values += channels.map { values[start(image, pixel) + $0] } }
        }
        return result
    }

    /// Zeros in all but the given channels.
    func clearing(allBut channels: [Int]) -> Samples {
        let kept = Set(channels)
        var result = self
        for index in values.indices where !kept.contains(index % shape.channels) { result.values[index] = 0 }
        return result
    }
}

/// A parameter in double precision and the checkpoint's order.
struct PlainTensor: Sendable {
    let shape: [Int]
    var values: [Double]

    /// The given rows (axis 0) and columns (axis 1); nil takes all.
    func keeping(rows: [Int]?, columns: [Int]?) -> PlainTensor {
        let rows = rows ?? Array(0..<shape[0])
        let rowLength = values.count / shape[0]
        guard shape.count > 1 else { return PlainTensor(shape: [rows.count], values: rows.map { values[$0] }) }
        let columns = columns ?? Array(0..<shape[1])
        let taps = rowLength / shape[1]
        var kept: [Double] = []
        for row in rows {
            for column in columns { kept += values[(row * rowLength + column * taps)..<(row * rowLength + (column + 1) * taps)] }
        }
        return PlainTensor(shape: [rows.count, columns.count] + shape.dropFirst(2), values: kept)
    }
}
