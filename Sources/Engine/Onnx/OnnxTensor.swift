/// A constant of an ONNX model (`TensorProto`).
package struct OnnxTensor: Sendable {
    /// Where its numbers are.
    package enum Content: Sendable {
        /// These little-endian bytes.
        case bytes([UInt8])
        /// Those of the checkpoint's tensor of this name, as they are stored.
        case parameter
    }

    package let name: String
    package let type: OnnxType
    /// Outermost first; none of a single number.
    package let dimensions: [Int]
    package let content: Content

    /// How many numbers it holds.
    package var count: Int { dimensions.reduce(1, *) }
}
