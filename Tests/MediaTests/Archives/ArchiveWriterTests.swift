import Files
import Foundation
import Media
import TestSupport
import Testing

struct ArchiveWriterTests {
    /// Names of every length around ustar's 100 bytes, and not ASCII; sizes around the block's 512.
    static let items: [ArchiveItem] =
        [0, 1, 511, 512, 513, 1024, 300_000].map { ArchiveItem(path: "sizes/\($0)", bytes: pattern($0)) }
        + [98, 99, 100, 101, 102, 256, 1000].map { ArchiveItem(path: "l/" + String(repeating: "n", count: $0 - 2), bytes: pattern($0)) }
        // A pax record whose length gains a digit by counting itself.
        + [90, 91, 92, 93, 986, 987, 988].map { ArchiveItem(path: "ü" + String(repeating: "n", count: $0 - 2), bytes: [UInt8($0 & 255)]) }
        + [ArchiveItem(path: "Grüße/你 好.txt", bytes: pattern(77))]

    static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    private func written(_ items: [ArchiveItem], _ format: ArchiveFormat) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try ArchiveWriter(items).write(as: format) { bytes += $0 }
        return bytes
    }

    @Test(arguments: ArchiveFormat.allCases)
    func whatIsWrittenIsReadBack(format: ArchiveFormat) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("archive", written(Self.items, format))
        let contents = try archiveContents(path)
        #expect(contents.map(\.path) == Self.items.map(\.path))
        for (item, read) in zip(Self.items, contents) {
            guard case .bytes(let bytes) = item.source else { continue }
            #expect(read.bytes == bytes, "\(item.path)")
        }
    }

    @Test func theTarIsAsLongAsAnnounced() throws {
        for count in 0...Self.items.count {
            let items = Array(Self.items[..<count])
            #expect(try Int64(written(items, .tar).count) == ArchiveWriter.tarSize(of: items))
        }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func theSameFilesGiveTheSameBytes(format: ArchiveFormat) throws {
        #expect(try written(Self.items, format) == written(Self.items, format))
    }

    @Test func filesAreReadFromDisk() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("weights", Self.pattern(700_000))
        let item = ArchiveItem(path: "w", size: 700_000, file: URL(filePath: path))
        #expect(try written([item], .tar) == written([ArchiveItem(path: "w", bytes: Self.pattern(700_000))], .tar))
    }

    /// A file that is put together of bytes and parts of another is the same file.
    @Test(arguments: ArchiveFormat.allCases)
    func composedFilesAreWrittenAsWholeOnes(format: ArchiveFormat) throws {
        let folder = try TemporaryFolder()
        let all = Self.pattern(1_000_000)
        let url = URL(filePath: try folder.file("weights", all))
        let pieces: [ComposedFile.Piece] = [
            .bytes([]), .bytes(Array(all[..<3])), .stored(offset: 3, count: 700_000), .stored(offset: 700_003, count: 1), .bytes([]),
            .bytes(Array(all[700_004..<900_000])), .stored(offset: 900_000, count: 0), .stored(offset: 900_000, count: 100_000),
        ]
        let composed = ArchiveItem(path: "w", composed: ComposedFile(pieces) { try OpenFile(url) })
        let (whole, next) = (ArchiveItem(path: "w", bytes: all), ArchiveItem(path: "x", bytes: [1]))
        #expect(composed.size == 1_000_000)
        #expect(try written([composed, next], format) == written([whole, next], format))
        var pulled: [UInt8] = []
        var tar = TarPieces([composed, next])
        while let piece = try tar.next() { pulled += piece }
        #expect(try pulled == written([whole, next], .tar))
        var sent: [UInt8] = []
        for part in try ArchiveWriter([composed, next]).tarParts() {
            switch part {
            case .bytes(let bytes): sent += bytes
            case .file(let file, let offset, let length): sent += try file.read(at: offset, count: Int(length))
            }
        }
        #expect(try sent == written([whole, next], .tar))
        let short = ComposedFile([.bytes([1]), .stored(offset: 999_999, count: 2)]) { try OpenFile(url) }
        #expect(throws: ArchiveError.self) { try written([ArchiveItem(path: "s", composed: short)], format) }
        #expect(throws: ArchiveError.self) { try ArchiveWriter([ArchiveItem(path: "s", composed: short)]).tarParts() }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func aFileOfAnotherLengthIsAnError(format: ArchiveFormat) throws {
        let folder = try TemporaryFolder()
        let url = URL(filePath: try folder.file("f", Self.pattern(1000)))
        for size: Int64 in [999, 1001, 0] {
            #expect(throws: ArchiveError.sizeMismatch(entry: "f", expected: size, found: 1000)) {
                try written([ArchiveItem(path: "f", size: size, file: url)], format)
            }
        }
        #expect { try written([ArchiveItem(path: "f", size: 1, file: url.appending(path: "none"))], format) } throws: { error in
            if case ArchiveError.unreadable(path: "f", _) = error { true } else { false }
        }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func whatTheSinkThrowsComesOut(format: ArchiveFormat) {
        struct Gone: Error, Equatable {}
        var done = 0
        #expect(throws: Gone()) {
            try ArchiveWriter(Self.items).write(as: format) { bytes in
                done += 1
                throw Gone()
            }
        }
        #expect(done == 1)
    }

    @Test func moreThanEightGigabytesAreAnnouncedInPax() {
        let item = ArchiveItem(path: "big", size: 9 << 30, file: URL(filePath: "/nowhere"))
        // pax header, its record, the file's header, the file, the end
        #expect(ArchiveWriter.tarSize(of: [item]) == 512 * 3 + 9 << 30 + 1024)
    }

    @Test(arguments: [
        (ArchiveFormat.tar, ["tar", "-xf"]), (.tarGz, ["tar", "-xzf"]), (.zip, ["unzip", "-q"]),
        (.tar, ["python3", "-m", "tarfile", "-e"]),
        (.tarGz, ["python3", "-m", "tarfile", "-e"]), (.zip, ["python3", "-m", "zipfile", "-e"]),
    ])
    func commonToolsUnpackIt(format: ArchiveFormat, tool: [String]) throws {
        // File names may have 255 bytes, and old unzip wants a UTF-8 locale for them.
        let items = Self.items.filter { $0.path.utf8.count < 256 }
        let folder = try TemporaryFolder()
        let archive = try folder.file("archive", written(items, format))
        let status = try ChildProcess.run(
            ["env", "LC_ALL=C.UTF-8"] + tool + [archive] + (tool[0] == "python3" ? ["."] : []), in: folder.url, output: .nowhere,
            errors: .nowhere)
        // env says 127 where the tool is not installed; then there is nothing to ask.
        if status == 127 { return }
        #expect(status == 0)
        for item in items {
            guard case .bytes(let bytes) = item.source else { continue }
            #expect(try [UInt8](Data(contentsOf: folder.url.appending(path: item.path))) == bytes, "\(item.path)")
        }
    }
}
