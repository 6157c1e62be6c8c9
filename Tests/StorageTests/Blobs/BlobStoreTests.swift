import Foundation
import Hashing
import Storage
import Testing

@Test func aBlobIsNamedByItsSHA256() throws {
    let store = try Store()
    let writer = try store.database.blobs.writer()
    try writer.write(Array("ab".utf8))
    try writer.write([])
    try writer.write(Array("c".utf8))
    let blob = try writer.finish()
    #expect(blob.digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(blob.size == 3)
    #expect(blob.url.path.hasSuffix("blobs/ba/\(blob.digest.hex)"))
    #expect(try Data(contentsOf: blob.url) == Data("abc".utf8))
    #expect(store.temporaryFiles == [])
}

/// So many bytes, no part of them like another.
private func bytes(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
}

/// Beyond a mebibyte other threads hash and write: the order must not suffer, whatever the pieces.
@Test(arguments: [1000, 65_536, 300_000, 1 << 21]) func aLargeBlobIsWhatWasWritten(piece: Int) throws {
    let store = try Store()
    let contents = bytes((5 << 20) + 123)
    let writer = try store.database.blobs.writer()
    for start in stride(from: 0, to: contents.count, by: piece) {
        try writer.write(Array(contents[start..<min(contents.count, start + piece)]))
    }
    #expect(writer.size == Int64(contents.count))
    let blob = try writer.finish()
    #expect(blob.digest.hex == MessageDigest.sha256(contents).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
    #expect(try Data(contentsOf: blob.url) == Data(contents))
    let other = try store.database.blobs.writer()
    try contents.withUnsafeBytes { try other.write($0) }
    #expect(try other.finish().digest == blob.digest)
    #expect(store.temporaryFiles == [])
}

@Test func aLargeWriterThatIsForgottenLeavesNothing() throws {
    let store = try Store()
    let contents = bytes(4 << 20)
    do { try store.database.blobs.writer().write(contents) }
    let writer = try store.database.blobs.writer()
    for start in stride(from: 0, to: contents.count, by: 1 << 16) { try writer.write(Array(contents[start..<(start + (1 << 16))])) }
    writer.discard()
    #expect(store.temporaryFiles == [])
    #expect(store.blobFiles == [])
}

@Test func theSameBytesAreStoredOnce() throws {
    let store = try Store()
    let first = try store.database.blob("same")
    let second = try store.database.blob("same")
    #expect(first.digest == second.digest)
    #expect(store.blobFiles == [first.digest.hex])
    #expect(store.temporaryFiles == [])
}

@Test func anEmptyBlobIsABlob() throws {
    let store = try Store()
    let blob = try store.database.blobs.writer().finish()
    #expect(blob.digest.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(store.blobFiles == [blob.digest.hex])
}

@Test func aDiscardedOrForgottenWriterLeavesNothing() throws {
    let store = try Store()
    let writer = try store.database.blobs.writer()
    try writer.write([1, 2, 3])
    #expect(store.temporaryFiles.count == 1)
    writer.discard()
    #expect(store.temporaryFiles == [])
    #expect(throws: StorageError.self) { try writer.write([1]) }
    #expect(throws: StorageError.self) { try writer.finish() }
    do { try store.database.blobs.writer().write([1]) }
    #expect(store.temporaryFiles == [])
}

@Test func aBlobThatNoRowCameToReferToGoesWithItsLastHolder() throws {
    let store = try Store()
    var first: StoredBlob? = try store.database.blob("refused")
    var second: StoredBlob? = try store.database.blob("refused")
    #expect(store.blobFiles == [first?.digest.hex])
    first = nil
    #expect(store.blobFiles == [second?.digest.hex])
    second = nil
    #expect(store.blobFiles == [])
    _ = (first, second)
}

@Test func aBlobStaysWhileARowRefersToIt() throws {
    let store = try Store()
    let one = try store.database.checkpoint("shared")
    let other = try store.database.checkpoint("shared")
    let pack = try store.database.blob("shared")
    try store.database.datasets.insert(id: "data_1", name: "d", descriptor: "{}", pack: pack, pictures: [])
    try store.database.checkpoints.delete(one)
    #expect(store.blobFiles == [pack.digest.hex])
    try store.database.checkpoints.delete(other)
    #expect(store.blobFiles == [pack.digest.hex])
    try store.database.datasets.delete("data_1")
    // The value `pack` still holds it.
    #expect(store.blobFiles == [pack.digest.hex])
    withExtendedLifetime(pack) {}
}

@Test func aTemporaryFileGoesWithItsValue() throws {
    let store = try Store()
    var file: TemporaryFile? = try store.database.blobs.temporaryFile()
    try file?.write([1, 2, 3])
    #expect(try file.map { try Data(contentsOf: $0.url) } == Data([1, 2, 3]))
    file = nil
    #expect(store.temporaryFiles == [])
}

@Test func aLargeTemporaryFileIsWholeOnceItIsFlushed() throws {
    let store = try Store()
    let contents = bytes((3 << 20) + 1)
    let file = try store.database.blobs.temporaryFile(hashing: true)
    try file.write(contents)
    try file.flush()
    #expect(try Data(contentsOf: file.url) == Data(contents))
    #expect(file.digest == BlobDigest(MessageDigest.sha256(contents)))
}

@Test(arguments: ["", "ab", "../../../etc/passwd", String(repeating: "A", count: 64), String(repeating: "g", count: 64)])
func whatIsNoDigestIsNoBlobName(text: String) {
    #expect(BlobDigest(hex: text) == nil)
}
