/// One ONNX operator with the values that it reads and makes (`NodeProto`).
package struct OnnxNode: Sendable {
    package let name: String
    /// The operator, such as `Conv`, of the default domain.
    package let type: String
    /// Names of values or tensors; an empty one is left out.
    package let inputs: [String]
    package let outputs: [String]
    package let attributes: [(name: String, value: OnnxAttribute)]
}
