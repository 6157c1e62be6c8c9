import Documents
import Logging
import Storage

/// Writes each event as one JSON object on one line:
///
///     {"time":"2026-01-31T12:00:00.250Z","level":"error","label":"pruner","source":"HTTP","message":"a request failed","metadata":{…}}
///
/// Control characters are escaped, so that nothing a client sends can begin a line.
package struct JSONLogHandler: LogHandler {
    private let label: String
    private let output: LogOutput
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    package init(label: String, output: LogOutput) {
        self.label = label
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var members: [JSON.Member] = [
            .init("time", .string(Timestamp.now().text)), .init("level", .string(event.level.rawValue)), .init("label", .string(label)),
            .init("source", .string(event.source)), .init("message", .string("\(event.message)")),
        ]
        if let error = event.error { members.append(.init("error", .string("\(error)"))) }
        // The event's own goes before what always holds.
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        if !all.isEmpty { members.append(.init("metadata", Self.json(.dictionary(all)))) }
        output.write(Array((JSON.object(members).compact + "\n").utf8))
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSON {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .dictionary(let values): .object(values.sorted { $0.key < $1.key }.map { .init($0.key, json($0.value)) })
        case .array(let values): .array(values.map(json))
        }
    }
}
