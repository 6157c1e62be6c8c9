import Documents
import Testing

/// Tables of strangers.
@Suite struct CSVParserTests {
    private func parsed(_ bytes: [UInt8], pieces: Int, longest: Int = 1000, mostFields: Int = 5) throws -> [[String]] {
        var parser = CSVParser(longest: longest, mostFields: mostFields)
        var records: [CSVParser.Record] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            records += try parser.records(in: bytes[start..<min(start + pieces, bytes.count)])
        }
        if let last = try parser.end() { records.append(last) }
        return records.map(\.fields)
    }

    @Test(arguments: [
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]), ("a,b\n1,2", [["a", "b"], ["1", "2"]]), ("a\rb\rc", [["a"], ["b"], ["c"]]),
        ("\"a,\"\"b\"\"\r\nc\",d\n", [["a,\"b\"\r\nc", "d"]]), ("\u{FEFF}\"a\",b", [["a", "b"]]), ("\n\na\n\n\nb\n\n", [["a"], ["b"]]),
        ("a,,\n", [["a", "", ""]]), ("\"\"\na", [[""], ["a"]]), (" a , b\n", [[" a ", " b"]]), ("12\" wide,b", [["12\" wide", "b"]]),
        ("é,日本\n", [["é", "日本"]]), ("\"a\"", [["a"]]), ("", []), ("a,\"b\n\nc\"\r\nd", [["a", "b\n\nc"], ["d"]]),
    ])
    func recordsAreTheSameHoweverTheirBytesCome(text: String, expected: [[String]]) throws {
        for pieces in 1...4 { #expect(try parsed(Array(text.utf8), pieces: pieces) == expected) }
        #expect(try parsed(Array(text.utf8), pieces: 1000) == expected)
    }

    @Test(arguments: [
        ("a\n\"b\nc", "a quote that is not closed on line 2"), ("\"a\" b", "text behind a closing quote on line 1"),
        ("a\nb,c,d,e,f,g\n", "a record of more than 5 fields on line 2"),
        ("a\r\n\r\n\"b\r\n\"x", "text behind a closing quote on line 4"),
        ("a\n" + String(repeating: "b", count: 1001), "a record of more than 1000 bytes on line 2"),
    ])
    func whatIsNoTableIsRefusedByItsLine(text: String, trouble: String) throws {
        for pieces in [1, 3, 4096] {
            let error = #expect(throws: CSVError.self) { try parsed(Array(text.utf8), pieces: pieces) }
            #expect(error?.description == trouble)
        }
    }

    @Test func textThatIsNotUTF8IsRefused() throws {
        let error = #expect(throws: CSVError.self) { try parsed([0x61, 0x0A, 0x62, 0xFF, 0x0A], pieces: 1) }
        #expect(error?.description == "text that is not UTF-8 on line 2")
        // Half a byte order mark is text, and no good one.
        #expect(throws: CSVError.self) { try parsed([0xEF, 0xBB], pieces: 1) }
    }

    @Test func recordsKnowTheirLines() throws {
        var parser = CSVParser()
        let records = try parser.records(in: Array("a\r\n\"b\r\nc\"\n\nd\n".utf8))
        #expect(records.map(\.line) == [1, 2, 5])
    }
}
