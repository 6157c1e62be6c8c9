import Documents
import Foundation
import HTTP
import Storage

/// The command line's way to a data folder: through the server that holds it, or, where there is none, with the folder's own lock.
package struct DataFolderDoor {
    /// The folder.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// Has a verb done. Only a verb that makes something makes the folder where it is missing.
    /// - Throws: ``DataVerbError`` with what the server says, else what the verb throws.
    package func perform(_ verb: DataVerb, _ arguments: JSON = [:]) throws -> JSON {
        guard verb.makesFolder || FileManager.default.fileExists(atPath: path) else {
            throw DataVerbError(description: "there is no folder \(path)")
        }
        // A server that is starting or ending holds the lock and does not answer: that passes.
        for _ in 0..<50 {
            if let answer = try askServer(verb, arguments) { return answer }
            do {
                return try verb.perform(arguments, try Database(folder: URL(fileURLWithPath: path), replacing: verb.replacesDatabase))
            } catch StorageError.folderLocked {
                usleep(200_000)
            }
        }
        throw StorageError.folderLocked(path: path)
    }

    /// What the server says; nil when none answers.
    private func askServer(_ verb: DataVerb, _ arguments: JSON) throws -> JSON? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw DataVerbError(description: "cannot make a socket: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let connected = UnixAddress.with(path: ControlServer.path(in: path)) { connect(descriptor, $0, $1) }
        guard connected == 0 else {
            if errno == ENOENT || errno == ECONNREFUSED { return nil }
            throw DataVerbError(description: "cannot ask the server that holds \(path): \(String(cString: strerror(errno)))")
        }
        let body = Array(arguments.compact.utf8)
        // HTTP/1.0: the answer ends where the connection does.
        let request = Array("POST /\(verb.name) HTTP/1.0\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try file.write(contentsOf: Data(request))
        let answer = Array(try file.readToEnd() ?? Data())
        let head = answer.prefix(12)
        guard head.starts(with: "HTTP/1.1 ".utf8), let end = answer.firstRange(of: Array("\r\n\r\n".utf8)),
            let document = try? JSON(parsing: Array(answer[end.upperBound...]))
        else { throw DataVerbError(description: "the server that holds \(path) ended before it had done it") }
        guard head.dropFirst(9).elementsEqual("200".utf8) else {
            if case .string(let detail) = document["detail"] { throw DataVerbError(description: detail) }
            throw DataVerbError(description: "the server that holds \(path) did not do it")
        }
        return document
    }
}
