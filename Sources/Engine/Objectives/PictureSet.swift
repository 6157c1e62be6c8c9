/// The pictures a model is scored, trained and judged with, read one at a time as they are needed.
public struct PictureSet: Sendable {
    /// How many there are.
    public let count: Int
    /// Of each: the model's sample size and channels.
    public let shape: Shape
    /// What a conditional network is told of them; nil where there is nothing to tell.
    public let conditions: Conditions?
    private let source: Source

    private enum Source: Sendable {
        case bytes(@Sendable (Int) throws -> [UInt8])
        case numbers(@Sendable (Int) throws -> [Float])
        case latents(@Sendable (Int, Bool) throws -> [Float])
    }

    /// - Parameter read: picture i as 8-bit numbers, (height, width, channels).
    public init(count: Int, shape: Shape, conditions: Conditions? = nil, read: @escaping @Sendable (Int) throws -> [UInt8]) {
        self.count = count
        self.shape = shape
        self.conditions = conditions
        source = .bytes(read)
    }

    /// Pictures that are not of 8-bit numbers.
    ///
    /// - Parameter read: picture i as it is loaded, (channels, height, width).
    package init(
        numbersOf count: Int, shape: Shape, conditions: Conditions? = nil, read: @escaping @Sendable (Int) throws -> [Float]
    ) {
        self.count = count
        self.shape = shape
        self.conditions = conditions
        source = .numbers(read)
    }

    /// Latents of pictures, of which nothing here can tell what they are of the same picture mirrored.
    ///
    /// - Parameter read: those of picture i, or of it mirrored, (channels, height, width).
    public init(
        latentsOf count: Int, shape: Shape, conditions: Conditions?,
        read: @escaping @Sendable (_ index: Int, _ mirrored: Bool) throws -> [Float]
    ) {
        self.count = count
        self.shape = shape
        self.conditions = conditions
        source = .latents(read)
    }

    /// Writes a picture in PyTorch's order (channels, height, width); 8-bit numbers as `x / 127.5 - 1`.
    ///
    /// - Parameter mirrored: left and right exchanged.
    public func load(_ index: Int, mirrored: Bool = false, into target: UnsafeMutablePointer<Float>) throws {
        switch source {
        case .bytes(let read):
            let bytes = try read(index)
            place(mirrored, target) { Float(bytes[($1 * shape.width + $2) * shape.channels + $0]) / 127.5 - 1 }
        case .numbers(let read):
            let numbers = try read(index)
            place(mirrored, target) { numbers[($0 * shape.height + $1) * shape.width + $2] }
        case .latents(let read):
            let numbers = try read(index, mirrored)
            place(false, target) { numbers[($0 * shape.height + $1) * shape.width + $2] }
        }
    }

    /// Writes what `value` is at (channel, row, column).
    @inline(__always)
    private func place(_ mirrored: Bool, _ target: UnsafeMutablePointer<Float>, _ value: (Int, Int, Int) -> Float) {
        for channel in 0..<shape.channels {
            for row in 0..<shape.height {
                for column in 0..<shape.width {
                    target[(channel * shape.height + row) * shape.width + column] =
                        value(channel, row, mirrored ? shape.width - 1 - column : column)
                }
            }
        }
    }

    /// Some pictures one after the other: (indices, channels, height, width).
    ///
    /// - Parameter mirrored: which of them are mirrored, by their places among those asked for.
    public func load(_ indices: some Collection<Int>, mirrored: (Int) -> Bool = { _ in false }) throws -> [Float] {
        var pictures = [Float](repeating: 0, count: indices.count * shape.count)
        try pictures.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for (place, index) in indices.enumerated() {
                try load(index, mirrored: mirrored(place), into: base + place * shape.count)
            }
        }
        return pictures
    }
}
