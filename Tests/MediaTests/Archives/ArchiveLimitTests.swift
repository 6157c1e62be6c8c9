import Foundation
import Media
import TestSupport
import Testing

/// Archives at a bound and one past it.
struct ArchiveLimitTests {
    private static func written(_ files: [(String, [UInt8])], _ format: ArchiveFormat) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try ArchiveWriter(files.map { ArchiveItem(path: $0.0, bytes: $0.1) }).write(as: format) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// What becomes of an archive under `limits`: nil when it is read to its end.
    private func refusal(_ bytes: [UInt8], _ limits: ArchiveReader.Limits) throws -> ArchiveError? {
        let folder = try TemporaryFolder()
        let path = try folder.file("body", bytes)
        do throws(ArchiveError) {
            _ = try archiveContents(path, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func foldersNestToThirtyTwo(format: ArchiveFormat) throws {
        let deep = String(repeating: "d/", count: ArchivePath.maximumDepth) + "file"
        #expect(try refusal(Self.written([(deep, [1])], format), .init()) == nil)
        let deeper = "d/" + deep
        #expect(
            try refusal(Self.written([("a", []), (deeper, [1])], format), .init())
                == .unsafePath(entry: deeper, reason: "more than 32 folders deep"))
    }

    @Test(arguments: ArchiveFormat.allCases)
    func foldersAreCountedWhereverTheyAre(format: ArchiveFormat) throws {
        let files: [(String, [UInt8])] = [("a/b/1", []), ("a/b/2", []), ("c/1", [])]
        #expect(try refusal(Self.written(files, format), .init(folders: 3)) == nil)
        #expect(try refusal(Self.written(files, format), .init(folders: 2)) == .tooManyFolders(entry: "c/1", limit: 2))
        let nested: [(String, [UInt8])] = [("a/b/c/d", [])]
        #expect(try refusal(Self.written(nested, format), .init(folders: 2)) == .tooManyFolders(entry: "a/b/c/d", limit: 2))
    }

    @Test(arguments: ArchiveFormat.allCases)
    func namesAreCountedWithTheFoldersTheyMake(format: ArchiveFormat) throws {
        // a/ü/1 (6 bytes), a/ü (4), a (1), a/2 (3)
        let archive = try Self.written([("a/ü/1", []), ("a/2", [])], format)
        #expect(try refusal(archive, .init(names: 14)) == nil)
        #expect(try refusal(archive, .init(names: 13)) == .namesTooLong(entry: "a/2", limit: 13))
        #expect(try refusal(archive, .init(names: 10)) == .namesTooLong(entry: "a/ü/1", limit: 10))
    }

    /// A zip of eight mebibytes of zeros, and a tar.gz of as many.
    @Test(arguments: [ArchiveFormat.zip, .tarGz])
    func whatEachByteMayBecomeIsBounded(format: ArchiveFormat) throws {
        let size: Int64 = 8 << 20
        let zeros = [UInt8](repeating: 0, count: Int(size))
        let archive = try format == .zip ? Fixture.bytes("archives/bomb.zip") : Self.written([("zeros", zeros)], format)
        let packed = Int64(archive.count)
        let ratio = (size + packed - 1) / packed
        #expect(ratio > 100)
        func limits(_ ratio: Int64, floor: Int64) -> ArchiveReader.Limits { .init(ratio: ratio, ratioFloor: floor) }
        // By the ratio alone, and by the floor alone.
        #expect(try refusal(archive, limits(ratio, floor: 0)) == nil)
        #expect(
            try refusal(archive, limits(ratio - 1, floor: 0))
                == .tooCompressed(entry: "zeros", packed: packed, limit: (ratio - 1) * packed))
        #expect(try refusal(archive, limits(100, floor: size)) == nil)
        #expect(try refusal(archive, limits(100, floor: size - 1)) == .tooCompressed(entry: "zeros", packed: packed, limit: size - 1))
        // Nothing announces anything after what is one too many.
        #expect(try refusal(archive, .init(totalSize: size, ratio: ratio)) == nil)
        #expect(try refusal(archive, .init(totalSize: size - 1, ratio: ratio)) == .tooLarge(entry: "zeros", limit: size - 1))
    }

    @Test func aTarThatIsNotCompressedHasNoRatio() throws {
        let archive = try Self.written([("zeros", [UInt8](repeating: 0, count: 1 << 20))], .tar)
        #expect(try refusal(archive, .init(ratio: 1, ratioFloor: 0)) == nil)
    }

    /// Two thousand empty files are a megabyte of headers, and some kilobytes in gzip.
    @Test func headersCountInAGzip() throws {
        let archive = try Self.written((0..<2000).map { ("\($0)", []) }, .tarGz)
        let packed = Int64(archive.count)
        let stream: Int64 = 2000 * 512 + 1024
        func limits(_ floor: Int64) -> ArchiveReader.Limits { .init(ratio: 1, ratioFloor: floor) }
        #expect(packed < stream / 4)
        #expect(try refusal(archive, limits(stream / 2)) == nil)
        let limit = stream - 2
        guard case .tooCompressed(let entry, packed, limit)? = try refusal(archive, limits(stream / 2 - 1)) else {
            Issue.record("the headers are not counted")
            return
        }
        // Those before were read; the last buffer was refused.
        #expect(entry.hasPrefix("number 1"))
    }

    /// A tar of one file of GNU's old sparse kind: a hole, and 512 bytes at the end of its `size`; `blocks` blocks of its list say nothing.
    private func sparse(size: Int, blocks: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
        func octal(_ value: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: 11 - digits.utf8.count) + digits
        }
        func part(_ offset: Int, _ count: Int) -> [UInt8] { Array((octal(offset) + "\0" + octal(count) + "\0").utf8) }
        put("holes", 0)
        put("0000644\0" + "0000000\0" + "0000000\0" + octal(512) + "\0" + octal(0) + "\0" + "        S", 100)
        put("ustar  \0", 257)
        header.replaceSubrange(386..<410, with: part(size - 512, 512))
        header[482] = blocks > 0 ? 1 : 0
        put(octal(size), 483)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.utf8.count) + sum + "\0 ", 148)
        let list = [[UInt8]](repeating: part(size, 0), count: 21).flatMap { $0 }
        let more = (0..<blocks).flatMap { list + [$0 < blocks - 1 ? 1 : 0] + [UInt8](repeating: 0, count: 7) }
        return header + more + [UInt8](repeating: 7, count: 512) + [UInt8](repeating: 0, count: 1024)
    }

    @Test func holesCountAsBytes() throws {
        let archive = sparse(size: 1 << 20, blocks: 0)
        let folder = try TemporaryFolder()
        let path = try folder.file("holes.tar", archive)
        let contents = try archiveContents(path, limits: .init(ratioFloor: 1 << 20))
        #expect(
            contents.map(\.path) == ["holes"] && contents[0].bytes.count == 1 << 20
                && contents[0].bytes.reduce(0) { $0 + Int($1) } == 7 * 512)
        #expect(
            try refusal(archive, .init(ratioFloor: 1 << 20 - 1))
                == .tooCompressed(entry: "holes", packed: Int64(archive.count), limit: 1 << 20 - 1))
    }

    /// Nobody gets room for a hundred times what they only say that they will send.
    @Test func holesInWhatIsStillToComeCountAsBytesThatWerePromised() throws {
        let archive = sparse(size: 2 << 20, blocks: 0)
        let limits = ArchiveReader.Limits(ratioFloor: 0)
        #expect(try archiveContents(archive, piece: 512, promised: 2 << 20, limits: limits).first?.bytes.count == 2 << 20)
        #expect(throws: ArchiveError.tooCompressed(entry: "holes", packed: 1 << 20, limit: 1 << 20)) {
            try archiveContents(archive, piece: 512, promised: 1 << 20, limits: limits)
        }
    }

    /// libarchive keeps the list of parts in memory, twice as large as it is in the file.
    @Test func whatStandsBeforeAFileIsBounded() throws {
        #expect(try refusal(sparse(size: 512, blocks: 1000), .init()) == nil)
        #expect(
            try refusal(sparse(size: 512, blocks: 9000), .init())
                == .damaged(entry: "number 1", reason: "more than 4194304 bytes stand before it"))
    }
}
