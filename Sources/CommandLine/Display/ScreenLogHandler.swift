import Logging

/// What the engine room has to say, between the lines of a ``Screen``.
struct ScreenLogHandler: LogHandler {
    let screen: Screen
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    init(_ screen: Screen) {
        self.screen = screen
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        screen.tell("\(event.level.rawValue): \(event.message)\(details)")
    }
}
