/// What an ONNX operator makes, as the forms of the engine's operators hand it to each other.
package struct OnnxValue: Sendable {
    package let name: String
    package let layout: OnnxLayout
    /// Numbers per pixel, which are the same for every size of map.
    package let channels: Int

    package init(_ name: String, _ layout: OnnxLayout, channels: Int) {
        (self.name, self.layout, self.channels) = (name, layout, channels)
    }
}
