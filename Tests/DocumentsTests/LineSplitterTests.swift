import Documents
import Testing

/// Lines of strangers' texts.
@Suite struct LineSplitterTests {
    @Test func linesAreTheSameHoweverTheirBytesCome() throws {
        let bytes = Array("\u{FEFF}a\r\n\nbc\nd".utf8)
        for pieces in 1...bytes.count {
            var splitter = LineSplitter(longest: 6)
            var lines: [LineSplitter.Line] = []
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                lines += try splitter.lines(in: bytes[start..<min(start + pieces, bytes.count)])
            }
            if let last = splitter.end() { lines.append(last) }
            #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a\r", "", "bc", "d"])
            #expect(lines.map(\.number) == [1, 2, 3, 4])
        }
    }

    @Test func aLongLineIsRefusedByItsNumber() throws {
        var splitter = LineSplitter(longest: 3)
        #expect(try splitter.lines(in: Array("abc\nab".utf8)).count == 1)
        let error = #expect(throws: LineSplitter.TooLong.self) { try splitter.lines(in: Array("cd".utf8)) }
        #expect(error?.line == 2)
    }
}
