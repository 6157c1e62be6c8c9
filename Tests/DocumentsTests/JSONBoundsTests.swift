import Documents
import Testing

/// What a stranger's JSON may hold.
@Suite struct JSONBoundsTests {
    @Test func namesAreTheirBytes() throws {
        let document = try JSON(parsing: Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        #expect(document["\u{E9}"]?.integer == 1)
        #expect(document["e\u{301}"]?.integer == 2)
        #expect(throws: JSONError.self) { try JSON(parsing: Array("{\"\u{E9}\":1,\"\\u00e9\":2}".utf8)) }
    }

    @Test func aNumberMayHaveManyDigits() throws {
        let digits = "0." + String(repeating: "0", count: 60) + String(repeating: "7", count: 17)
        #expect(try JSON(parsing: Array(digits.utf8)).double == Double(digits))
        let whole = String(repeating: "9", count: 79)
        #expect(try JSON(parsing: Array("[\(whole)]".utf8)) == [.number(whole)])
        #expect(throws: JSONError.self) { try JSON(parsing: [UInt8](repeating: 0x39, count: 1101)) }
    }

    @Test func membersAreCounted() throws {
        let text = Array("{\"a\":1,\"b\":{\"c\":1,\"d\":2}}".utf8)
        #expect(throws: Never.self) { try JSON(parsing: text, maximumMembers: 2) }
        #expect(throws: JSONError.self) { try JSON(parsing: text, maximumMembers: 1) }
    }
}
