/// The number formats of PyTorch's storages, by the names of its dtypes.
package enum TorchType: String, Sendable {
    case float64, float32, float16, bfloat16
    case int64, int32, int16, int8
    case uint64, uint32, uint16, uint8
    case bool, complex128, complex64

    /// Bytes of one number.
    package var size: Int {
        switch self {
        case .complex128: 16
        case .float64, .int64, .uint64, .complex64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether its numbers can be read as weights.
    var isFloatingPoint: Bool { [.float64, .float32, .float16, .bfloat16].contains(self) }
}
