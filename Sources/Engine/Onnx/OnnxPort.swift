/// What goes into an ONNX model, or comes out (`ValueInfoProto`).
package struct OnnxPort: Sendable, Equatable {
    package let name: String
    package let type: OnnxType
    /// Outermost first; none of a single number.
    package let dimensions: [OnnxDimension]

    package init(_ name: String, _ type: OnnxType, _ dimensions: [OnnxDimension]) {
        (self.name, self.type, self.dimensions) = (name, type, dimensions)
    }
}
