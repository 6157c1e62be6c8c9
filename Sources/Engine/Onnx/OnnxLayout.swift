/// In which order an ONNX value has its numbers. The engine's own maps are channels last; ONNX's convolutions are not.
package enum OnnxLayout: Sendable, Equatable {
    /// (batch, channels, height, width).
    case map
    /// (batch, pixels, channels), as attention and linear layers read them.
    ///
    /// - Parameter grid: a map whose height and width the pixels have; nil for those of a single row, such as tokens.
    case pixels(grid: String?)
    /// (batch, channels).
    case vector
    /// (batch, pixels), whole numbers.
    case indices

    /// Which dimension is the channels.
    package var channelAxis: Int { if case .pixels = self { 2 } else { 1 } }
}
