/// The number formats of ONNX tensors, by their numbers in `TensorProto.DataType` (onnx.proto3 of github.com/onnx/onnx).
package enum OnnxType: Int, Sendable {
    case float = 1
    case int64 = 7
    case float16 = 10
    case bfloat16 = 16
}
