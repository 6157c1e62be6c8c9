/// The shape of one sample's activation, channels last: (height, width, channels). A vector is a 1×1 map.
///
/// In memory an activation is (batch, height, width, channels), row-major: a pixel's channels lie together, so a 1×1
/// convolution and a linear layer are plain matrix products and a 3×3 patch is three contiguous runs.
public struct Shape: Hashable, Sendable {
    /// Rows of the map.
    public let height: Int
    /// Columns of the map.
    public let width: Int
    /// Numbers per pixel.
    public let channels: Int

    /// A map of height × width pixels.
    public init(height: Int, width: Int, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }

    /// A vector: a map of one pixel.
    public static func vector(_ channels: Int) -> Shape {
        Shape(height: 1, width: 1, channels: channels)
    }

    /// Pixels of the map.
    public var pixels: Int { height * width }
    /// Numbers in one sample.
    public var count: Int { height * width * channels }
    /// The same map with another number of channels.
    public func with(channels: Int) -> Shape { Shape(height: height, width: width, channels: channels) }
}
