import Engine
import Testing

/// Against the examples of protobuf.dev/programming-guides/encoding.
struct ProtobufMessageTests {
    private func bytes(_ fill: (inout ProtobufMessage) -> Void) -> [UInt8] {
        var message = ProtobufMessage()
        fill(&message)
        return message.bytes
    }

    @Test func integersAreVarints() {
        #expect(bytes { $0.integer(1, 150) } == [0x08, 0x96, 0x01])
        #expect(bytes { $0.integer(1, 0) } == [0x08, 0x00])
        #expect(bytes { $0.integer(2, 127) } == [0x10, 0x7F])
        #expect(bytes { $0.integer(20, 128) } == [0xA0, 0x01, 0x80, 0x01])
        #expect(bytes { $0.integer(1, -2) } == [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
        #expect(bytes { $0.integer(1, .max) } == [0x08] + [UInt8](repeating: 0xFF, count: 8) + [0x7F])
    }

    @Test func textsAndMessagesHaveTheirLengthBeforeThem() {
        #expect(bytes { $0.text(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
        #expect(bytes { $0.message(3) { $0.integer(1, 150) } } == [0x1A, 0x03, 0x08, 0x96, 0x01])
        #expect(bytes { $0.text(1, "") } == [0x0A, 0x00])
        let long = [UInt8](repeating: 7, count: 300)
        #expect(bytes { $0.data(9, long) } == [0x4A, 0xAC, 0x02] + long)
        #expect(bytes { $0.begin(5, length: 3 << 30) } == [0x2A, 0x80, 0x80, 0x80, 0x80, 0x0C])
    }

    @Test func floatsAreLittleEndian() {
        #expect(bytes { $0.float(2, 1) } == [0x15, 0x00, 0x00, 0x80, 0x3F])
    }
}
