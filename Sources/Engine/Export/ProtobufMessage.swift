/// A Protocol Buffers message while it is written, field by field (protobuf.dev/programming-guides/encoding): the wire forms that ONNX's messages need.
///
/// A field is its number and wire type as one varint, then its value. Of what is left out a reader takes the default.
package struct ProtobufMessage: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []

    /// What follows a field's number.
    private enum WireType: UInt64 {
        case varint = 0
        case lengthDelimited = 2
        case fixed32 = 5
    }

    /// An empty message.
    package init() {}

    /// `int32`, `int64` and enumerations; negative numbers take ten bytes.
    package mutating func integer(_ field: Int, _ value: Int) {
        key(field, .varint)
        varint(UInt64(bitPattern: Int64(value)))
    }

    /// `float`.
    package mutating func float(_ field: Int, _ value: Float) {
        key(field, .fixed32)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// `string`.
    package mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

    /// `bytes`.
    package mutating func data(_ field: Int, _ value: [UInt8]) {
        begin(field, length: value.count)
        bytes.append(contentsOf: value)
    }

    /// A message within this one.
    package mutating func message(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
        var inner = ProtobufMessage()
        fill(&inner)
        data(field, inner.bytes)
    }

    /// The head of `bytes`, or of a message, of a known length that somebody else writes behind it.
    package mutating func begin(_ field: Int, length: Int) {
        key(field, .lengthDelimited)
        varint(UInt64(length))
    }

    private mutating func key(_ field: Int, _ type: WireType) { varint(UInt64(field) << 3 | type.rawValue) }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
