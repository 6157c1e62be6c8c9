import Documents
import Foundation
import Logging
import Server
import ServiceSupport
import Testing

/// One JSON object a line, whatever is logged.
@Suite struct JSONLogTests {
    private func logger(_ lines: LogLines) -> Logger {
        Logger(label: "test") { JSONLogHandler(label: $0, output: lines.output) }
    }

    @Test func anEventIsOneObject() throws {
        let lines = LogLines()
        var logger = logger(lines)
        logger[metadataKey: "always"] = "here"
        logger[metadataKey: "which"] = "logger's"
        logger.warning("a message", metadata: ["which": "event's", "list": ["a", ["b": "c"]], "number": "\(7)"])
        let line = try #require(lines.read().first)
        #expect(line["level"] == "warning")
        #expect(line["label"] == "test")
        #expect(line["message"] == "a message")
        #expect(line["metadata"] == ["always": "here", "list": ["a", ["b": "c"]], "number": "7", "which": "event's"])
        let time = try #require(line["time"]?.text)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test func whatIsBelowTheLevelIsNotWritten() {
        let lines = LogLines()
        var logger = logger(lines)
        logger.debug("no")
        logger.logLevel = .debug
        logger.debug("yes")
        #expect(lines.read().map { $0["message"] } == ["yes"])
    }

    @Test(arguments: [
        "two\nlines", "\r\n", "\u{2028}", "\"quoted\"", "\\", "\u{0}\u{1}\u{1B}[31m", "🙂\u{FFFD}", "{\"level\":\"critical\"}", "",
        String(decoding: [0xFF, 0x0A, 0xC3] as [UInt8], as: UTF8.self),
    ])
    func noTextBreaksALine(text: String) throws {
        let lines = LogLines()
        logger(lines).error("\(text)", metadata: ["\(text)": "\(text)"])
        let bytes = lines.bytes()
        #expect(bytes.filter { $0 < 0x20 } == Data([0x0A]))
        let line = try JSON(parsing: Array(bytes.dropLast()))
        #expect(line["message"] == .string(text))
        #expect(line["metadata"] == .object([.init(text, .string(text))]))
    }

    /// Longer than what a pipe takes undivided, and more than it holds.
    @Test func linesOfManyThreadsStayWhole() async {
        let lines = LogLines()
        let logger = logger(lines)
        async let written: Void = withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<20 { logger.info("\(String(repeating: "\(writer)", count: 9000 + number))") }
                }
            }
        }
        let reader = lines.reader()
        await written
        let found = await reader.finish()
        #expect(found.count == 80)
        #expect(found.allSatisfy { line in Set(line["message"]?.text ?? "ab").count == 1 })
    }
}
