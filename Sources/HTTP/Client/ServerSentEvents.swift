/// Takes a stream of server-sent events apart as it comes (WHATWG HTML, section 9.2.6).
package struct ServerSentEvents {
    /// One event.
    package struct Event: Equatable, Sendable {
        /// The last `id` so far; empty where there was none.
        package var id: String
        /// Its name; `message` where it has none.
        package var event: String
        /// Its data, lines joined by line feeds.
        package var data: String

        package init(id: String, event: String, data: String) {
            self.id = id
            self.event = event
            self.data = data
        }
    }

    /// An event is larger than it may be.
    package struct TooLarge: Error {}

    /// Bytes of an event that are kept.
    private static let limit = 16 << 20

    /// Milliseconds to wait before coming back; nil where the stream does not say.
    package private(set) var retry: Int?
    /// The id to come back with.
    package private(set) var lastID = ""
    private var line: [UInt8] = []
    private var endsWithReturn = false
    private var event: String?
    private var data: String?
    private var size = 0

    package init() {}

    /// The events that end within `bytes`.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(TooLarge) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            switch byte {
            case 0x0A where endsWithReturn: endsWithReturn = false
            case 0x0A, 0x0D:
                endsWithReturn = byte == 0x0D
                if let event = endLine() { events.append(event) }
            default:
                endsWithReturn = false
                line.append(byte)
                size += 1
                guard size <= Self.limit else { throw TooLarge() }
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        let name = String(decoding: line[..<colon], as: UTF8.self)
        var rest = line[colon...].dropFirst()
        if rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
        let value = String(decoding: rest, as: UTF8.self)
        switch name {
        case "event": event = value
        case "data": data = data.map { "\($0)\n\(value)" } ?? value
        case "id" where !value.utf8.contains(0): lastID = value
        case "retry": retry = ASCII.digits(value) ?? retry
        // A comment, or a field that is not known.
        default: break
        }
        return nil
    }

    private mutating func endEvent() -> Event? {
        defer { (event, data, size) = (nil, nil, 0) }
        guard let data else { return nil }
        return Event(id: lastID, event: event.flatMap { $0.isEmpty ? nil : $0 } ?? "message", data: data)
    }
}
