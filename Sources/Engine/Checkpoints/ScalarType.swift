/// The number formats of safetensors, by the names its headers use.
public enum ScalarType: String, Sendable, CaseIterable {
    /// IEEE 754 binary64.
    case float64 = "F64"
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// IEEE 754 binary16.
    case float16 = "F16"
    /// The upper half of a binary32.
    case bfloat16 = "BF16"
    /// Signed 64 bits.
    case int64 = "I64"
    /// Signed 32 bits.
    case int32 = "I32"
    /// Signed 16 bits.
    case int16 = "I16"
    /// Signed 8 bits.
    case int8 = "I8"
    /// Unsigned 64 bits.
    case uint64 = "U64"
    /// Unsigned 32 bits.
    case uint32 = "U32"
    /// Unsigned 16 bits.
    case uint16 = "U16"
    /// Unsigned 8 bits.
    case uint8 = "U8"
    /// One byte, 0 or 1.
    case bool = "BOOL"

    /// Bytes of one number.
    public var size: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether the engine reads this format as weights.
    public var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }

    /// PyTorch's name, such as `float32`.
    public var torchName: String { "\(self)" }

    /// The format that PyTorch calls `torchName`; nil for one that safetensors does not have.
    init?(torchName: String) {
        guard let type = Self.allCases.first(where: { $0.torchName == torchName }) else { return nil }
        self = type
    }
}

extension ScalarType {
    /// Converts stored little-endian numbers to float32; `source` holds `size` bytes for each number of `destination`.
    ///
    /// Integer formats are refused before this is reached.
    func decode(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .float64:
            for index in destination.indices {
                destination[index] = Float(
                    Double(bitPattern: UInt64(littleEndian: source.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))))
            }
        case .float16:
            for index in destination.indices {
                destination[index] = Float(
                    Float16(bitPattern: UInt16(littleEndian: source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))))
            }
        case .bfloat16:
            for index in destination.indices {
                let bits = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                destination[index] = Float(bitPattern: UInt32(bits) << 16)
            }
        default:
            for index in destination.indices {
                destination[index] = Float(
                    bitPattern: UInt32(littleEndian: source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
            }
        }
    }

    /// Converts float32 numbers to this format, rounding to nearest even as PyTorch does; `destination` has room for them.
    func encode(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawBufferPointer) {
        switch self {
        case .float16:
            for index in source.indices {
                destination.storeBytes(of: Float16(source[index]).bitPattern.littleEndian, toByteOffset: index * 2, as: UInt16.self)
            }
        case .bfloat16:
            for index in source.indices {
                destination.storeBytes(of: Self.bfloat16(source[index]).littleEndian, toByteOffset: index * 2, as: UInt16.self)
            }
        default:
            for index in source.indices {
                destination.storeBytes(of: source[index].bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
            }
        }
    }

    /// Whether a finite number stays finite in this format.
    func holds(_ value: Float) -> Bool {
        switch self {
        case .float16: Float16(value).isFinite
        case .bfloat16: Self.bfloat16(value) & 0x7FFF < 0x7F80
        default: true
        }
    }

    private static func bfloat16(_ value: Float) -> UInt16 {
        // Rounding could carry a NaN's payload into infinity.
        if value.isNaN { return 0x7FC0 }
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
