import Foundation
import ServiceSupport
import TestSupport
import Testing

/// A disk beside a server's data folder that holds what a power cut would leave of it: see `Tests/PowerCut/power_cut.c`.
final class PowerCut {
    /// The library that watches a process, and the program it is tried with; nil where there is no C compiler.
    private final class Tools {
        let folder: TemporaryFolder
        var library: URL { folder.url.appendingPathComponent("power_cut.so") }
        var writer: URL { folder.url.appendingPathComponent("writer") }

        init?() {
            guard let folder = try? TemporaryFolder() else { return nil }
            self.folder = folder
            let sources = Samples.fixtures.deletingLastPathComponent().appendingPathComponent("PowerCut")
            func compile(_ source: String, _ options: [String], to output: URL) -> Bool {
                ["cc", "clang"].contains { compiler in
                    let command = [compiler, "-O2", "-Wall"] + options + ["-o", output.path, sources.appendingPathComponent(source).path]
                    return (try? ChildProcess.run(command, errors: .nowhere)) == 0
                }
            }
            guard compile("power_cut.c", ["-shared", "-fPIC", "-ldl"], to: library), compile("writer.c", [], to: writer) else { return nil }
            // Statics are never let go.
            atexit { try? PowerCut.tools.map { try FileManager.default.removeItem(at: $0.folder.url) } }
        }
    }

    // Written once, and its folder's address is all that is read after that.
    private nonisolated(unsafe) static let tools = Tools()

    /// Whether power cuts can be simulated here.
    static var isAvailable: Bool { tools != nil }

    /// The program that the library is tried with.
    static var writer: String { tools?.writer.path ?? "" }

    private let root: URL
    private let disk: URL

    /// - Parameter root: the data folder, beside which the disk's state is kept.
    init(of root: URL) throws {
        self.root = root
        disk = root.deletingLastPathComponent().appendingPathComponent("disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: false)
    }

    /// Settings of `env` for the process to be watched.
    var environment: [String] {
        [
            "LD_PRELOAD=\(Self.tools?.library.path ?? "")", "PRUNER_CUT_ROOT=\(root.path)", "PRUNER_CUT_DISK=\(disk.path)",
        ]
    }

    /// Makes the folder what the disk holds of it, once the process is dead.
    ///
    /// - Parameter luck: decides what the disk has written by itself of what it was not waited for: each name, and each page of each file.
    ///   Nil: nothing.
    func happen(luck: inout Dice?) throws {
        let rest = root.deletingLastPathComponent().appendingPathComponent("rest")
        try copy(String(contentsOf: disk.appendingPathComponent("root"), encoding: .utf8), now: root, to: rest, &luck)
        try FileManager.default.removeItem(at: root)
        try FileManager.default.removeItem(at: disk)
        try FileManager.default.moveItem(at: rest, to: root)
    }

    private struct Entry: Equatable {
        let isFolder: Bool
        let inode: String
    }

    /// - Parameter now: where the folder is without a power cut; nil where it is not any more.
    private func copy(_ inode: String, now: URL?, to target: URL, _ luck: inout Dice?) throws {
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let kept = try names(inode)
        let present = luck == nil ? [:] : try now.map { try Self.names(in: $0) } ?? [:]
        for name in Set(kept.keys).union(present.keys).sorted() {
            let isWritten = luck?.below(2) == 1
            guard let entry = isWritten ? present[name] : kept[name] else { continue }
            let place = target.appendingPathComponent(name, isDirectory: entry.isFolder)
            // A folder is followed to where it is now, if it is there still.
            let inner = present[name] == entry ? now?.appendingPathComponent(name, isDirectory: entry.isFolder) : nil
            if entry.isFolder {
                try copy(entry.inode, now: inner, to: place, &luck)
            } else {
                try Data(bytes(entry.inode, now: inner ?? disk.appendingPathComponent("files/\(entry.inode)"), &luck)).write(to: place)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place.path)
            }
        }
    }

    /// The names that the disk has of a folder; none of one that it was never told.
    private func names(_ inode: String) throws -> [String: Entry] {
        let file = disk.appendingPathComponent("names/\(inode)")
        guard FileManager.default.fileExists(atPath: file.path) else { return [:] }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2) }
        return Dictionary(uniqueKeysWithValues: lines.map { (String($0[2]), Entry(isFolder: $0[0] == "d", inode: String($0[1]))) })
    }

    /// The names in a folder as it is.
    private static func names(in folder: URL) throws -> [String: Entry] {
        var entries: [String: Entry] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            var status = stat()
            guard lstat(folder.appendingPathComponent(name).path, &status) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFREG || kind == S_IFDIR else { continue }
            entries[name] = Entry(isFolder: kind == S_IFDIR, inode: "\(status.st_ino)")
        }
        return entries
    }

    /// A file's bytes: those the disk was told, or with luck, page by page, those that are there now.
    private func bytes(_ inode: String, now: URL?, _ luck: inout Dice?) throws -> [UInt8] {
        let kept = Array((try? Data(contentsOf: disk.appendingPathComponent("bytes/\(inode)"))) ?? Data())
        guard luck != nil, let now, let present = try? Array(Data(contentsOf: now)), present != kept else { return kept }
        var bytes = luck?.below(2) == 1 ? present.map { _ in 0 } : kept
        for start in stride(from: 0, to: bytes.count, by: 4096) {
            let end = min(start + 4096, bytes.count)
            let source = luck?.below(2) == 1 || start >= kept.count ? present : kept
            for place in start..<min(end, source.count) { bytes[place] = source[place] }
        }
        return bytes
    }
}
