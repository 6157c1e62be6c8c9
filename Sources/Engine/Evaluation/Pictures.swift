/// A batch of 8-bit pictures, (count, channels, height, width), as samples are judged and shown.
public struct Pictures: Sendable, Equatable {
    /// How many pictures.
    public let count: Int
    /// Channels of each.
    public let channels: Int
    /// Height in pixels.
    public let height: Int
    /// Width in pixels.
    public let width: Int
    /// The values, row-major in the order of the shape.
    public let bytes: [UInt8]

    /// Takes values that are already 8-bit; `bytes` must hold count × channels × height × width of them.
    public init(count: Int, channels: Int, height: Int, width: Int, bytes: [UInt8]) {
        guard bytes.count == count * channels * height * width else {
            fatalError("\(bytes.count) values for pictures of (\(count), \(channels), \(height), \(width))")
        }
        self.count = count
        self.channels = channels
        self.height = height
        self.width = width
        self.bytes = bytes
    }

    /// Quantises samples in [-1, 1] of the given shape.
    public init(count: Int, channels: Int, height: Int, width: Int, quantizing samples: UnsafeBufferPointer<Float>) {
        self.init(count: count, channels: channels, height: height, width: width, bytes: Self.quantize(samples))
    }

    /// `round(clamp(x / 2 + 0.5, 0, 1) · 255)`, halves to even as `torch.round` does; NaN becomes 0.
    public static func quantize(_ samples: UnsafeBufferPointer<Float>) -> [UInt8] {
        samples.map { sample in
            // In this order of arguments NaN becomes 0, so that the conversion is always in range.
            let unit = min(max(0, sample / 2 + 0.5), 1)
            return UInt8((unit * 255).rounded(.toNearestOrEven))
        }
    }

    /// The first of them, or all where there are no more.
    public func prefix(_ most: Int) -> Pictures { most < count ? taking(0..<most) : self }

    /// Some neighbouring ones.
    public func taking(_ range: Range<Int>) -> Pictures {
        let size = channels * height * width
        return Pictures(
            count: range.count, channels: channels, height: height, width: width,
            bytes: Array(bytes[(range.lowerBound * size)..<(range.upperBound * size)]))
    }

    /// The mean of the squared differences of all values divided by 255; both batches have the same shape.
    public func meanSquaredError(to other: Pictures) -> Double {
        guard bytes.count == other.bytes.count, !bytes.isEmpty else { return .nan }
        var sum = 0
        for index in bytes.indices {
            let difference = Int(bytes[index]) - Int(other.bytes[index])
            sum += difference * difference
        }
        return Double(sum) / Double(bytes.count) / (255 * 255)
    }
}
