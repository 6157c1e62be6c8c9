import Foundation
import Logging

/// How the log on standard error is written.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For people: swift-log's own lines.
    case text
    /// For collectors: one JSON object a line.
    case json

    /// A logger that writes so.
    package func logger(label: String, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { label in
            switch self {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label, output: LogOutput(descriptor: STDERR_FILENO))
            }
        }
        logger.logLevel = level
        return logger
    }
}
