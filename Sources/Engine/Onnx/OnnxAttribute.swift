/// A setting of an ONNX operator (`AttributeProto`).
package enum OnnxAttribute: Sendable, Equatable {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
    /// A tensor of a single number.
    case number(Float)
}
