import HTTP
import Testing

/// Streams of events as servers may send them.
@Suite struct ServerSentEventsTests {
    private typealias Event = ServerSentEvents.Event

    private static let stream = """
        retry: 2000

        : a comment
        id: 7
        event: phase
        data: {"phase":"scoring"}

        data: one
        data:two
        data

        event: nothing

        id: 8
        event: succeeded
        data: {}


        """
    private static let events = [
        Event(id: "7", event: "phase", data: "{\"phase\":\"scoring\"}"), Event(id: "7", event: "message", data: "one\ntwo\n"),
        Event(id: "8", event: "succeeded", data: "{}"),
    ]

    @Test(arguments: ["\n", "\r\n", "\r"], [1, 2, 7, 1000])
    func eventsAreTheSameHoweverTheyCome(ending: String, piece: Int) throws {
        let bytes = Array(Self.stream.replacing("\n", with: ending).utf8)
        var parser = ServerSentEvents()
        var found: [Event] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            found += try parser.take(bytes[start..<min(start + piece, bytes.count)])
        }
        #expect(found == Self.events)
        #expect(parser.retry == 2000 && parser.lastID == "8")
    }

    @Test func anEventThatDoesNotEndIsNone() throws {
        var parser = ServerSentEvents()
        #expect(try parser.take(Array("id: 3\ndata: cut off".utf8)) == [])
        #expect(try parser.take(Array("\n".utf8)) == [])
        #expect(try parser.take(Array("\n".utf8)) == [Event(id: "3", event: "message", data: "cut off")])
    }

    @Test func anEventWithoutAnEndIsRefused() {
        var parser = ServerSentEvents()
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(throws: ServerSentEvents.TooLarge.self) {
            for _ in 0...16 { _ = try parser.take(piece) }
        }
    }
}
