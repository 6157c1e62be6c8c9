/// One dimension of what goes into an ONNX model or comes out (`TensorShapeProto.Dimension`).
package enum OnnxDimension: Sendable, Equatable {
    /// Always so many.
    case fixed(Int)
    /// Any number; dimensions of one name are equal.
    case free(String)
}
