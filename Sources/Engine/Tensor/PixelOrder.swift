/// Conversions at the engine's edge: pictures and noise come in PyTorch's order (batch, channels, height, width).
public enum PixelOrder {
    /// Copies (batch, channels, height, width) to (batch, height, width, channels).
    public static func channelsLast(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, batch: Int, shape: Shape) {
        let (pixels, channels) = (shape.pixels, shape.channels)
        for image in 0..<batch {
            let from = source + image * shape.count
            let to = target + image * shape.count
            for channel in 0..<channels {
                for pixel in 0..<pixels { to[pixel * channels + channel] = from[channel * pixels + pixel] }
            }
        }
    }

    /// Copies some samples of (samples, channels, height, width) to (samples, height, width, channels).
    package static func channelsLast(_ source: [Float], _ range: Range<Int>, to target: UnsafeMutablePointer<Float>, shape: Shape) {
        source.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            channelsLast(source + range.lowerBound * shape.count, to: target, batch: range.count, shape: shape)
        }
    }

    /// Copies (batch, height, width, channels) to (batch, channels, height, width).
    public static func channelsFirst(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, batch: Int, shape: Shape) {
        let (pixels, channels) = (shape.pixels, shape.channels)
        for image in 0..<batch {
            let from = source + image * shape.count
            let to = target + image * shape.count
            for channel in 0..<channels {
                for pixel in 0..<pixels { to[channel * pixels + pixel] = from[pixel * channels + channel] }
            }
        }
    }
}
