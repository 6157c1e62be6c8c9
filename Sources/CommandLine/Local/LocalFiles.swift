import Files
import Foundation
import Hashing
import Jobs
import Media
import Storage

/// What the command line is given as a checkpoint or as pictures: an archive, or a folder, which is taken as the tar of it.
struct LocalFiles {
    private enum Form {
        case archive
        case folder([ArchiveItem])
    }

    /// As it was given.
    let path: String
    /// The archive's bytes; of a folder, its tar's.
    let size: Int64
    private let form: Form

    /// Looks at what is there. Of a folder, files and folders whose names begin with a dot are left out; links are followed.
    ///
    /// - Parameters:
    ///   - isCheckpoint: of a folder that is an earlier result, what is beside its checkpoint is left out, too.
    ///   - isFile: whether a folder will not do.
    /// - Throws: ``CommandFailure`` when nothing of the kind is there.
    init(path: String, isCheckpoint: Bool = false, isFile: Bool = false) throws {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else { throw CommandFailure(.data, "\(path): \(String(cString: strerror(errno)))") }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            form = .archive
            size = Int64(status.st_size)
        case S_IFDIR where isFile:
            throw CommandFailure(.data, "\(path) is a folder, where a file is wanted")
        case S_IFDIR:
            var items = try Self.items(of: path)
            if isCheckpoint, items.contains(where: { $0.path == ResultManifest.path }) {
                items.removeAll { ResultLayout.isBeside($0.path) }
            }
            guard !items.isEmpty else { throw CommandFailure(.data, "\(path): the folder holds no files") }
            form = .folder(items)
            size = ArchiveWriter.tarSize(of: items)
        default: throw CommandFailure(.data, "\(path) is neither a folder nor a file")
        }
    }

    /// The last part of the path, without the ending of an archive.
    var name: String {
        let last = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        for ending in [".tar.gz", ".tgz", ".tar", ".zip"] where last.lowercased().hasSuffix(ending) && last.count > ending.count {
            return String(last.dropLast(ending.count))
        }
        return last
    }

    /// Every file below a folder, in the bytewise order of their paths.
    private static func items(of folder: String) throws -> [ArchiveItem] {
        var items: [ArchiveItem] = []
        var waiting = [""]
        while let prefix = waiting.popLast() {
            // Links may lead round in a circle.
            guard prefix.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= ArchivePath.maximumDepth else {
                throw CommandFailure(.data, "\(folder)/\(prefix): more than \(ArchivePath.maximumDepth) folders deep")
            }
            let names: [String]
            do { names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(prefix)") } catch {
                throw CommandFailure(.data, "\(folder)/\(prefix) cannot be listed")
            }
            for name in names where !name.hasPrefix(".") {
                let path = prefix + name
                var status = stat()
                guard stat("\(folder)/\(path)", &status) == 0 else {
                    throw CommandFailure(.data, "\(folder)/\(path): \(String(cString: strerror(errno)))")
                }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: waiting.append("\(path)/")
                case S_IFREG:
                    items.append(ArchiveItem(path: path, size: Int64(status.st_size), file: URL(fileURLWithPath: "\(folder)/\(path)")))
                default: throw CommandFailure(.data, "\(folder)/\(path) is neither a folder nor a file")
                }
            }
        }
        return items.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// SHA-256 of all bytes: what tells one input from another.
    ///
    /// - Parameter progress: told the bytes read so far.
    func digest(_ progress: (Int64) throws -> Void) throws -> String {
        var hash = MessageDigest(.sha256)
        let bytes = try reader()
        var count: Int64 = 0
        while let chunk = try bytes.next() {
            hash.update(chunk)
            count += Int64(chunk.count)
            try progress(count)
        }
        return BlobDigest(hash.finalize()).hex
    }

    /// The bytes, from the beginning.
    func reader() throws -> LocalReader {
        switch form {
        case .archive: LocalReader(file: try Self.open(path), path: path)
        case .folder(let items): LocalReader(TarPieces(items))
        }
    }

    /// Hands the archive's source to `body`.
    ///
    /// - Parameter progress: told the bytes of a folder's tar read so far.
    func withSource<Result>(_ progress: @escaping (Int64) -> Void, _ body: (ArchiveSource) throws -> Result) throws -> Result {
        guard case .folder = form else { return try body(.file(path: path)) }
        let bytes = try reader()
        var (count, failure) = (Int64(0), (any Error)?.none)
        func next() -> [UInt8]? {
            do {
                let chunk = try bytes.next()
                count += Int64(chunk?.count ?? 0)
                progress(count)
                return chunk
            } catch {
                failure = error
                return nil
            }
        }
        let result = Swift.Result { try body(.stream(ArchiveStream(size: size, next))) }
        // What could not be read looks like a damaged archive to whoever reads it.
        if let failure { throw failure }
        return try result.get()
    }

    private static func open(_ path: String) throws -> OpenFile {
        do { return try OpenFile(URL(fileURLWithPath: path)) } catch { throw CommandFailure(.data, "\(path) cannot be read") }
    }
}
