import CLinux
import Foundation
import Hashing

extension BlobStore {
    /// Opens a blob whose bytes are what its name says. They are read and compared, unless that was done before in this process and the
    /// file was not touched since: then it costs no more than asking the file's times, and it is the open file that is asked.
    ///
    /// - Parameters:
    ///   - kind: of what the blob belongs to.
    ///   - id: its identifier.
    ///   - file: what the blob is called there.
    /// - Returns: a descriptor for reading, which the caller closes.
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``; ``StorageError/notFound(_:id:)`` when it was deleted meanwhile.
    package func open(_ digest: BlobDigest, of kind: StorageError.Kind, _ id: String, file: String) throws(StorageError) -> Int32 {
        var found = "changes while it is read"
        for _ in 0..<Self.attempts {
            guard let descriptor = try openFile(digest) else {
                // Rows go before files do: without a row it was deleted since the caller looked.
                guard try isReferenced(digest) else { throw .notFound(kind, id: id) }
                found = Self.missing.found
                note(digest, Self.missing)
                break
            }
            let state: Standing
            do throws(StorageError) { state = try standing(of: descriptor, digest) } catch {
                close(descriptor)
                throw error
            }
            if case .sound = state { return descriptor }
            close(descriptor)
            if case .damaged(let damage) = state {
                found = damage.found
                break
            }
        }
        throw .damaged(kind, id: id, file: file, found: found)
    }

    /// Throws what ``open(_:of:_:file:)`` throws where that needs no reading: for what is known to be damaged, is gone, or has another size.
    package func refuseKnownDamage(_ digest: BlobDigest, size: Int64, of kind: StorageError.Kind, _ id: String, file: String)
        throws(StorageError)
    {
        let fingerprint = BlobFingerprint(path: url(for: digest).path)
        if fingerprint?.size == size, checks.damage(of: digest, fingerprint) == nil { return }
        close(try open(digest, of: kind, id, file: file))
    }

    /// What is known to be wrong with a blob; nil when nothing is, and when its file is not the one any more that was found damaged.
    package func damage(of digest: BlobDigest) -> BlobDamage? {
        checks.allDamaged[digest] == nil ? nil : checks.damage(of: digest, BlobFingerprint(path: url(for: digest).path))
    }

    /// How many blobs are known to be damaged.
    package var damagedCount: Int { checks.allDamaged.keys.count { damage(of: $0) != nil } }

    /// Calls `report` for every blob that is found damaged from now on, once.
    package func onDamage(_ report: @escaping @Sendable (BlobDigest, BlobDamage) -> Void) {
        reporting.withLock { $0 = report }
    }

    /// Reads all of a blob's file from the disk, whatever is known of it or lies in the page cache, and remembers what was found.
    ///
    /// - Parameter pace: called after every mebibyte or less, with the bytes that were read; false ends it.
    /// - Returns: size and digest of what is there; nil when `pace` ended it.
    /// - Throws: ``StorageError/file(doing:path:errno:)`` for a file that is missing or cannot be read.
    package func reread(_ digest: BlobDigest, pace: (Int) -> Bool = { _ in true }) throws(StorageError) -> (
        size: Int64, digest: BlobDigest
    )? {
        guard let descriptor = try openFile(digest) else {
            if try isReferenced(digest) { note(digest, Self.missing) }
            throw .file(doing: "read", path: url(for: digest).path, errno: ENOENT)
        }
        defer { close(descriptor) }
        let before = BlobFingerprint(descriptor: descriptor)
        let found: (size: Int64, digest: BlobDigest)?
        do throws(StorageError) { found = try contents(descriptor, digest, fromDisk: true, pace: pace) } catch {
            if let before { judge(digest, before, Self.unreadable(error, before)) }
            throw error
        }
        if let found, let before, before == BlobFingerprint(descriptor: descriptor) {
            judge(digest, before, found.digest == digest ? nil : Self.otherBytes(before))
        }
        return found
    }

    private enum Standing {
        case sound, changed
        case damaged(BlobDamage)
    }

    /// How often a file is opened again that was replaced or touched while it was read.
    private static let attempts = 5

    private static let missing = BlobDamage(found: "is gone", fingerprint: nil)
    private static func otherBytes(_ fingerprint: BlobFingerprint) -> BlobDamage {
        BlobDamage(found: "holds other bytes than were stored", fingerprint: fingerprint.text)
    }
    private static func unreadable(_ error: StorageError, _ fingerprint: BlobFingerprint) -> BlobDamage {
        guard case .file(_, _, let errno) = error else { return BlobDamage(found: "cannot be read", fingerprint: fingerprint.text) }
        return BlobDamage(found: "cannot be read (\(String(cString: strerror(errno))))", fingerprint: fingerprint.text)
    }

    /// Nil where there is no such file.
    private func openFile(_ digest: BlobDigest) throws(StorageError) -> Int32? {
        let path = url(for: digest).path
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else { return descriptor }
        guard errno == ENOENT else { throw .file(doing: "open", path: path, errno: errno) }
        return nil
    }

    private func standing(of descriptor: Int32, _ digest: BlobDigest) throws(StorageError) -> Standing {
        while true {
            guard let fingerprint = BlobFingerprint(descriptor: descriptor) else { return .changed }
            if checks.isSound(digest, fingerprint) { return .sound }
            if let damage = checks.damage(of: digest, fingerprint) { return .damaged(damage) }
            let read = try checks.reading(digest) { () throws(StorageError) -> Standing in
                // Whoever read it before may have told by now.
                if checks.isSound(digest, fingerprint) { return .sound }
                var damage: BlobDamage?
                do throws(StorageError) {
                    if try contents(descriptor, digest)?.digest != digest { damage = Self.otherBytes(fingerprint) }
                } catch {
                    damage = Self.unreadable(error, fingerprint)
                }
                guard fingerprint == BlobFingerprint(descriptor: descriptor) else { return .changed }
                judge(digest, fingerprint, damage)
                return damage.map(Standing.damaged) ?? .sound
            }
            if let read { return read }
        }
    }

    /// Remembers what was found in the file with this fingerprint, if it still is the one in its place.
    private func judge(_ digest: BlobDigest, _ fingerprint: BlobFingerprint, _ damage: BlobDamage?) {
        guard BlobFingerprint(path: url(for: digest).path) == fingerprint else { return }
        if let damage { note(digest, damage) } else if checks.markSound(digest, fingerprint) { remember(digest, nil) }
    }

    private func note(_ digest: BlobDigest, _ damage: BlobDamage) {
        guard checks.markDamaged(digest, damage) else { return }
        remember(digest, damage)
        reporting.withLock { $0 }?(digest, damage)
    }

    /// Size and digest of an open file; nil when `pace` ended it.
    /// - Parameter fromDisk: whether what the page cache holds of it is dropped before it is read, and not kept after.
    private func contents(_ descriptor: Int32, _ digest: BlobDigest, fromDisk: Bool = false, pace: (Int) -> Bool = { _ in true })
        throws(StorageError) -> (size: Int64, digest: BlobDigest)?
    {
        var hash = MessageDigest(.sha256)
        var size: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer {
            buffer.deallocate()
            if fromDisk { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
        }
        if fromDisk { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(size))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .file(doing: "read", path: url(for: digest).path, errno: errno) }
            if count == 0 { return (size, BlobDigest(hash.finalize())) }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            size += Int64(count)
            if fromDisk { posix_fadvise(descriptor, 0, off_t(size), POSIX_FADV_DONTNEED) }
            guard pace(count) else { return nil }
        }
    }
}
