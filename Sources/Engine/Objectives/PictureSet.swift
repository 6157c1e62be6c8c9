/// The pictures a model is scored, trained and judged with, read one at a time as they are needed.
public struct PictureSet: Sendable {
    /// How many there are.
    public let count: Int
    /// Of each: the model's sample size and channels.
    public let shape: Shape
    private let read: @Sendable (Int) throws -> [UInt8]

    /// - Parameter read: picture i as 8-bit numbers, (height, width, channels).
    public init(count: Int, shape: Shape, read: @escaping @Sendable (Int) throws -> [UInt8]) {
        self.count = count
        self.shape = shape
        self.read = read
    }

    /// Writes a picture as `x / 127.5 - 1` in PyTorch's order (channels, height, width).
    ///
    /// - Parameter mirrored: left and right exchanged.
    public func load(_ index: Int, mirrored: Bool = false, into target: UnsafeMutablePointer<Float>) throws {
        let bytes = try read(index)
        for channel in 0..<shape.channels {
            for row in 0..<shape.height {
                for column in 0..<shape.width {
                    let source = (row * shape.width + (mirrored ? shape.width - 1 - column : column)) * shape.channels + channel
                    target[(channel * shape.height + row) * shape.width + column] = Float(bytes[source]) / 127.5 - 1
                }
            }
        }
    }

    /// Some pictures one after the other: (indices, channels, height, width).
    public func load(_ indices: some Collection<Int>) throws -> [Float] {
        var pictures = [Float](repeating: 0, count: indices.count * shape.count)
        try pictures.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for (place, index) in indices.enumerated() { try load(index, into: base + place * shape.count) }
        }
        return pictures
    }
}
