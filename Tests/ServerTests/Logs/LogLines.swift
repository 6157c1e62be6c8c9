import Documents
import Foundation
import Server
import TestSupport

/// A pipe that a log is written to, and read from when it is over.
final class LogLines {
    let output: LogOutput
    private let pipe = Pipe()

    init() {
        output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    }

    /// The lines' bytes. No more may be written after that.
    func bytes() -> Data {
        try? pipe.fileHandleForWriting.close()
        return (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
    }

    /// Reads while the log is written: a pipe holds only so much.
    func reader() -> Reader { Reader(pipe) }

    /// See ``reader()``.
    final class Reader: Sendable {
        private let task: Task<Data, Never>
        private let pipe: Pipe

        init(_ pipe: Pipe) {
            self.pipe = pipe
            let descriptor = pipe.fileHandleForReading.fileDescriptor
            task = Task(executorPreference: ClientExecutor()) {
                var data = Data()
                var chunk = [UInt8](repeating: 0, count: 65536)
                while case let count = Foundation.read(descriptor, &chunk, chunk.count), count > 0 { data += chunk.prefix(count) }
                return data
            }
        }

        /// The lines as JSON, when no more is written.
        func finish() async -> [JSON] {
            try? pipe.fileHandleForWriting.close()
            return LogLines.json(await task.value)
        }
    }

    /// The lines as JSON; what is none is `null`.
    func read() -> [JSON] {
        Self.json(bytes())
    }

    fileprivate static func json(_ data: Data) -> [JSON] {
        data.split(separator: UInt8(ascii: "\n")).map { (try? JSON(parsing: Array($0))) ?? .null }
    }
}
