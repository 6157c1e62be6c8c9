import Foundation
import Media
import TestSupport
import Testing

/// Archives made by Tests/Fixtures/make_archives.py.
struct ArchiveReaderTests {
    @Test(arguments: ["pax.tar", "gnu.tar", "pax.tar.gz", "good.zip"])
    func filesAreReadWithSafePathsAndLitterIsPassedOver(name: String) throws {
        let contents = try archiveContents(Fixture.path("archives/\(name)"))
        let deep = "model/" + String(repeating: "deep/", count: 30) + "file.bin"
        #expect(contents.map(\.path) == ["model/config.json", "model/unet/weights.bin", "model/empty", "model/Grüße 你.txt", deep])
        #expect(contents[0].bytes == Array(#"{"a": 1}"#.utf8))
        #expect(contents[1].bytes == Array(repeating: Array(0...255), count: 9).flatMap { $0 })
        #expect(contents[2].bytes.isEmpty)
        #expect(ArchivePath.withoutCommonTopFolder(contents.map(\.path)).prefix(2) == ["config.json", "unet/weights.bin"])
    }

    @Test(arguments: ["accents_pax.tar", "accents_gnu.tar", "accents.zip", "accents_directory.zip"])
    func namesStayTheBytesThatTheyAre(name: String) throws {
        let contents = try archiveContents(Fixture.path("archives/\(name)"))
        // Texts are the same to Swift however their accents are written.
        let long = String(repeating: "Gru\u{308}\u{DF}e ", count: 20)
        #expect(contents.map { Array($0.path.utf8) } == ["caf\u{E9}", "cafe\u{301}", long].map { Array($0.utf8) })
        #expect(contents.map { String(decoding: $0.bytes, as: UTF8.self) } == ["composed", "decomposed", "long"])
    }

    static let refused: [(String, ArchiveError)] = [
        ("parent.tar", .unsafePath(entry: "a/../../b", reason: "leads out of the archive by ..")),
        ("parent.zip", .unsafePath(entry: "../b", reason: "leads out of the archive by ..")),
        ("absolute.tar", .unsafePath(entry: "/etc/passwd", reason: "absolute")),
        ("backslash.tar", .unsafePath(entry: "..\\..\\a", reason: "backslash")),
        ("latin1.tar", .unsafePath(entry: "gr\u{FFFD}n", reason: ArchivePath.notUTF8)),
        ("symlink.tar", .unsupportedEntry(entry: "b", kind: "symbolic link")),
        ("symlink.zip", .unsupportedEntry(entry: "link", kind: "symbolic link")),
        ("hardlink.tar", .unsupportedEntry(entry: "b", kind: "hard link")),
        ("pipe.tar", .unsupportedEntry(entry: "p", kind: "named pipe")),
        ("device.tar", .unsupportedEntry(entry: "d", kind: "device")),
        ("duplicate.tar", .duplicate(entry: "x/a")),
        ("duplicate.zip", .duplicate(entry: "a")),
        ("file_and_folder.tar", .duplicate(entry: "x")),
        ("encrypted.zip", .encrypted(entry: "secret.txt")),
        ("empty.tar", .empty), ("empty.zip", .empty), ("folders.tar", .empty),
    ]

    @Test(arguments: refused)
    func whatCouldDoHarmIsRefusedByName(name: String, expected: ArchiveError) {
        #expect(throws: expected) { try archiveContents(Fixture.path("archives/\(name)")) }
    }

    @Test func aRefusalNamesTheWayOut() {
        let latin = ArchiveError.unsafePath(entry: "number 1", reason: ArchivePath.notUTF8)
        #expect("\(latin)".hasPrefix("the archive's entry number 1 has an unsafe name: not UTF-8; rename the files"), "\(latin)")
        let link = ArchiveError.unsupportedEntry(entry: "b", kind: "symbolic link")
        #expect("\(link)".hasSuffix("pack what it leads to in its place, with tar -h --hard-dereference, or with zip without -y"))
        #expect("\(ArchiveError.damaged(entry: "number one", reason: "x"))" == "the archive is damaged at \"number one\": x")
    }

    /// What an archive holds, or why it is refused.
    private static func outcome(_ read: () throws -> [(path: String, bytes: [UInt8])]) -> String {
        do { return try read().map { "\($0.path) \($0.bytes)" }.joined(separator: "\n") } catch { return "\(error)" }
    }

    @Test(arguments: ["pax.tar", "gnu.tar", "pax.tar.gz", "empty.tar"] + refused.map(\.0).filter { $0.hasSuffix("tar") })
    func whatIsReadAsItComesIsTheSame(name: String) throws {
        let bytes = try Fixture.bytes("archives/\(name)")
        let expected = Self.outcome { try archiveContents(Fixture.path("archives/\(name)")) }
        for piece in [1, 100, 512, 5000, 1 << 20] {
            #expect(Self.outcome { try archiveContents(bytes, piece: piece) } == expected, "in pieces of \(piece)")
        }
        // A tar is padded behind its end, and what is behind a tar is nobody's.
        if name == "pax.tar" { #expect(Self.outcome { try archiveContents(bytes + [1, 2, 3], piece: 512) } == expected) }
        let folder = try TemporaryFolder()
        for length in stride(from: 1, to: bytes.count, by: 97) {
            let cut = Array(bytes[..<length])
            let path = try folder.file("cut", cut)
            #expect(Self.outcome { try archiveContents(cut, piece: 100) } == Self.outcome { try archiveContents(path) }, "\(length)")
        }
    }

    @Test func aZipCannotBeReadAsItComes() throws {
        let bytes = try Fixture.bytes("archives/good.zip")
        #expect(throws: ArchiveError.notAnArchive(found: "a zip file, which cannot be read as it comes")) {
            try archiveContents(bytes, piece: 512)
        }
    }

    static let otherFiles: [([UInt8], String)] = [
        ([], "nothing at all"), (Array("hello\n".utf8), "text"), (Array(String(repeating: "words ", count: 999).utf8), "text"),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a PNG picture"), ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG picture"),
        ([UInt8](repeating: 0, count: 100), "bytes of an unknown kind"), (Array("BZh91AY".utf8), "a bzip2 file"),
        // gzip of "hello\n", as Python's gzip.compress(b"hello\n", mtime=0) gives it.
        (
            [31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 203, 72, 205, 201, 201, 231, 2, 0, 32, 48, 58, 54, 6, 0, 0, 0],
            "a gzip file that holds no tar"
        ),
    ]

    @Test(arguments: otherFiles)
    func whatIsNoArchiveIsCalledByItsName(bytes: [UInt8], found: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("body", bytes)
        #expect(throws: ArchiveError.notAnArchive(found: found)) { try archiveContents(path) }
    }

    @Test func aFileThatIsNotThereIsUnreadable() {
        #expect { try archiveContents(Fixture.path("archives/none")) } throws: { error in
            if case ArchiveError.unreadable = error { true } else { false }
        }
    }

    @Test func aBombIsRefusedByWhatItAnnouncesAndByWhatItHolds() throws {
        let bomb = Fixture.path("archives/bomb.zip")
        #expect(throws: ArchiveError.tooLarge(entry: "zeros", limit: 1 << 20)) {
            try archiveContents(bomb, limits: .init(totalSize: 1 << 20))
        }
        // The same bomb saying that it is small, in the central directory and in the local header.
        var bytes = try Fixture.bytes("archives/bomb.zip")
        let size: [UInt8] = [0, 0, 0x80, 0]
        for index in bytes.indices.dropLast(4) where Array(bytes[index..<index + 4]) == size { bytes[index + 2] = 0x01 }
        let folder = try TemporaryFolder()
        let path = try folder.file("bomb.zip", bytes)
        #expect { try archiveContents(path, limits: .init(totalSize: 1 << 20)) } throws: { error in
            if case ArchiveError.damaged = error { true } else { false }
        }
    }

    @Test(arguments: ["pax.tar", "pax.tar.gz", "good.zip"])
    func entriesAreCounted(name: String) {
        #expect(throws: ArchiveError.tooManyEntries(limit: 3)) {
            try archiveContents(Fixture.path("archives/\(name)"), limits: .init(entries: 3))
        }
    }

    @Test(arguments: ["pax.tar", "pax.tar.gz", "good.zip"])
    func noPartOfAnArchivePassesForTheWhole(name: String) throws {
        let bytes = try Fixture.bytes("archives/\(name)")
        let folder = try TemporaryFolder()
        // One of the two blocks of zeros ends a tar as well.
        let shortest = name == "pax.tar" ? bytes.count - 512 : bytes.count
        for length in stride(from: 0, to: shortest, by: name == "pax.tar" ? 64 : 7) {
            let path = try folder.file("cut", Array(bytes[..<length]))
            #expect(throws: ArchiveError.self, "cut at \(length) of \(bytes.count)") { try archiveContents(path) }
        }
    }

    @Test func aFlippedBitInGzipDataDoesNotPass() throws {
        // A stored block: nothing but the checksum can tell.
        let tar = try Fixture.bytes("archives/pax.tar")
        var length = UInt16(tar.count)
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1]
        var bytes = head + withUnsafeBytes(of: &length, Array.init)
        length = ~length
        bytes += withUnsafeBytes(of: &length, Array.init) + tar
        let folder = try TemporaryFolder()
        let right = try Fixture.bytes("archives/pax.tar.gz").suffix(8)
        let whole = try folder.file("whole", bytes + right)
        #expect(try archiveContents(whole).count == 5)
        let data = try #require(bytes.indices.first { bytes[$0...].starts(with: Array(0...255)) })
        bytes[data + 9] ^= 4
        let flipped = try folder.file("flipped", bytes + right)
        #expect(throws: ArchiveError.damaged(entry: nil, reason: "gzip: the checksum does not agree")) { try archiveContents(flipped) }
    }

    @Test func readingOnAfterTheEndGivesNothing() throws {
        let archive = try ArchiveReader(path: Fixture.path("archives/pax.tar"))
        while let entry = try archive.next() {
            #expect(try archive.readAll(atMost: 4096).count == entry.size.map(Int.init))
            #expect(try archive.readChunk() == nil)
        }
        #expect(try archive.next() == nil)
        #expect(try archive.readChunk() == nil)
    }

    @Test func entriesNeedNotBeRead() throws {
        let archive = try ArchiveReader(path: Fixture.path("archives/good.zip"))
        var count = 0
        while try archive.next() != nil { count += 1 }
        #expect(count == 5)
    }

    static let topFolders: [([String], [String])] = [
        (["a/b", "a/c/d"], ["b", "c/d"]), (["./a/b", "a/c"], ["b", "c"]), (["a/b", "c/d"], ["a/b", "c/d"]), (["a", "a/b"], ["a", "a/b"]),
        (["x/a/1", "x/a/2"], ["a/1", "a/2"]), ([], []), (["./one"], ["one"]),
    ]

    @Test(arguments: topFolders)
    func aSingleTopFolderIsStripped(paths: [String], expected: [String]) {
        #expect(ArchivePath.withoutCommonTopFolder(paths) == expected)
    }
}
