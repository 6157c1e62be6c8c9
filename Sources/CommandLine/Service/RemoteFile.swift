import Documents
import Media
import Storage

/// A file of a checkpoint at a server, as the server names it: checked, as it is to become a file here.
struct RemoteFile {
    /// Relative, safe to be used below a folder.
    let path: String
    let size: Int64
    let digest: BlobDigest

    /// The files of a checkpoint object of the API.
    ///
    /// - Throws: ``CommandFailure`` for what no pruner server says.
    static func list(_ checkpoint: JSON) throws -> [RemoteFile] {
        guard case .array(let items) = checkpoint["files"], !items.isEmpty else { throw strange("a checkpoint without files") }
        var names = ArchiveNames(limits: .init())
        return try items.map { item in
            guard let path = item["path"]?.word, let size = item["size"]?.integer, size >= 0,
                let digest = item["sha256"]?.word.flatMap({ BlobDigest(hex: $0) })
            else { throw strange("a file without path, size or digest") }
            do throws(ArchiveError) {
                guard try ArchivePath.normalized(Array(path.utf8)) == path, !path.isEmpty else {
                    throw .unsafePath(entry: path, reason: "odd")
                }
                try names.claim(path)
            } catch {
                throw strange("\(error)")
            }
            return RemoteFile(path: path, size: Int64(size), digest: digest)
        }
    }

    private static func strange(_ what: String) -> CommandFailure {
        CommandFailure(.unavailable, "the server's answer cannot be right: \(what)")
    }
}
