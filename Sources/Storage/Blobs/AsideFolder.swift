import Foundation

/// Files that no row named when the store was opened or cleaned up: `DIR/aside/YYYY-MM-DD/`, by the day on which they were moved
/// there. Rows that were lost may be found again; a file that was removed is not.
struct AsideFolder: Sendable {
    /// A day's folder.
    struct Day: Sendable, Equatable {
        /// `YYYY-MM-DD`
        let name: String
        var files = 0
        var bytes: Int64 = 0
    }

    let url: URL

    /// Moves a file, or a folder with all that is in it, to a day's folder, under another name where its own is taken.
    /// ``synchronize(_:)`` is to follow.
    func take(_ path: String, on day: String) throws(StorageError) {
        let folder = url.appendingPathComponent(day, isDirectory: true).path
        try DataFolder.makeDirectory(folder)
        let name = (path as NSString).lastPathComponent
        var (target, number) = ("\(folder)/\(name)", 0)
        var status = stat()
        while lstat(target, &status) == 0 {
            number += 1
            target = "\(folder)/\(name).\(number)"
        }
        guard rename(path, target) == 0 else { throw .file(doing: "put aside", path: path, errno: errno) }
    }

    /// Makes what was moved to a day's folder survive a power cut there.
    func synchronize(_ day: String) throws(StorageError) {
        try DataFolder.synchronize(directory: url.appendingPathComponent(day, isDirectory: true).path)
        try DataFolder.synchronize(directory: url.path)
        try DataFolder.synchronize(directory: url.deletingLastPathComponent().path)
    }

    /// The days, the oldest first, with what lies there.
    func days() throws(StorageError) -> [Day] {
        guard access(url.path, F_OK) == 0 else { return [] }
        var days: [Day] = []
        for name in try DataFolder.names(in: url.path).sorted() where Self.isDay(name) {
            var day = Day(name: name)
            for file in files(on: name) {
                day.files += 1
                day.bytes += BlobStore.size(of: file.path) ?? 0
            }
            days.append(day)
        }
        return days
    }

    /// Every file of every day, the latest day first.
    func all() throws(StorageError) -> [URL] {
        try days().reversed().flatMap { files(on: $0.name) }
    }

    /// Every file of a day, also those in folders.
    func files(on day: String) -> [URL] {
        let folder = url.appendingPathComponent(day, isDirectory: true)
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (found?.compactMap { $0 as? URL } ?? []).filter { url in
            var status = stat()
            return lstat(url.path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
        }
    }

    /// Removes a day's folder.
    func remove(_ day: Day) throws(StorageError) {
        let path = url.appendingPathComponent(day.name, isDirectory: true).path
        do { try FileManager.default.removeItem(atPath: path) } catch { throw .file(doing: "remove", path: path, errno: errno) }
    }

    /// `2026-11-29`
    private static func isDay(_ name: String) -> Bool {
        let digits = Array(name.utf8)
        return digits.count == 10
            && digits.enumerated().allSatisfy { $0 == 4 || $0 == 7 ? $1 == UInt8(ascii: "-") : (0x30...0x39).contains($1) }
    }
}

extension Timestamp {
    /// `2026-11-29`, of UTC.
    var day: String { String(text.prefix(10)) }
}

extension DataFolder {
    var aside: AsideFolder { AsideFolder(url: url.appendingPathComponent("aside", isDirectory: true)) }
}
