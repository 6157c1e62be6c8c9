import Foundation
import HTTP
import Hashing
import Storage

/// Fetches a file whose content is known by its digest: what is there of it already is not fetched again.
package struct FileDownload {
    let client: ServiceClient
    /// Where the API has it.
    let path: String
    /// Where it is to be.
    let target: URL
    let size: Int64
    let digest: BlobDigest

    package init(client: ServiceClient, path: String, target: URL, size: Int64, digest: BlobDigest) {
        self.client = client
        self.path = path
        self.target = target
        self.size = size
        self.digest = digest
    }

    /// Returns when all of it is on the disk.
    ///
    /// - Parameter progress: told the bytes that are there already, those that come, and, negative, those that have to come again.
    /// - Throws: ``CommandFailure``, ``StorageError``.
    package func run(_ progress: (_ bytes: Int64, _ isNew: Bool) -> Void) throws {
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        let descriptor = open(target.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StorageError.file(doing: "make", path: target.path, errno: errno) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var told: Int64 = 0
        try client.again(ServiceClient.attempts) {
            var count = Int64(try file.seekToEnd())
            if count > size {
                try file.truncate(atOffset: 0)
                count = 0
            }
            progress(count - told, false)
            told = count
            if count < size {
                try fetch(from: count, into: file) {
                    (told, count) = (told + $0, count + $0); progress($0, true)
                }
            }
            guard count == size, try Self.digest(of: file) == digest else {
                // Another content, or a disk that lost some: from the beginning.
                try file.truncate(atOffset: 0)
                throw ClientError.failed(url: path, "the file is not the one that its digest names")
            }
        }
        guard fsync(descriptor) == 0 else { throw StorageError.file(doing: "fsync", path: target.path, errno: errno) }
    }

    /// Appends what comes, from `start` on where the server gives only that.
    private func fetch(from start: Int64, into file: FileHandle, _ progress: (Int64) -> Void) throws {
        var (count, isFirst) = (start, true)
        // The strong tag of a file is its digest (RFC 9110, section 13.1.5): of another content all comes.
        let range = [("Range", "bytes=\(start)-"), ("If-Range", "\"\(digest.hex)\"")]
        _ = try client.stream(ClientRequest("GET", path, fields: start > 0 ? range : [])) { answer, bytes in
            if isFirst, start > 0, !(answer["Content-Range"]?.hasPrefix("bytes \(start)-") ?? false) {
                try file.truncate(atOffset: 0)
                progress(-start)
                count = 0
            }
            isFirst = false
            guard count + Int64(bytes.count) <= size else { throw CommandFailure(.failed, "\(path) is longer than the server said") }
            try file.write(contentsOf: Data(bytes))
            count += Int64(bytes.count)
            progress(Int64(bytes.count))
        }
    }

    private static func digest(of file: FileHandle) throws -> BlobDigest {
        try file.seek(toOffset: 0)
        var hash = MessageDigest(.sha256)
        while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { hash.update(data) }
        return BlobDigest(hash.finalize())
    }
}
