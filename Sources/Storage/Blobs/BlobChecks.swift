import Dispatch
import Synchronization

/// What this process knows of the bytes in blobs' files: which were what their names say, and which were not.
final class BlobChecks: Sendable {
    private struct State {
        /// Files whose bytes were compared, or written here, as they were then.
        var sound: [BlobDigest: BlobFingerprint] = [:]
        /// Files that someone is reading to compare them.
        var reading: [BlobDigest: DispatchGroup] = [:]
    }

    /// Files that are remembered as sound. Beyond, all are read once more.
    private static let limit = 1 << 17

    private let state = Mutex(State())
    private let damaged = ReadMostly<[BlobDigest: BlobDamage]>([:])

    /// Everything that was found damaged, whatever has become of it since.
    var allDamaged: [BlobDigest: BlobDamage] { damaged.read { $0 } }

    /// What is known to be wrong with a file; nil for one that is another now, which has still to be looked at.
    ///
    /// - Parameter fingerprint: the file's, as it is now; nil where there is none.
    func damage(of digest: BlobDigest, _ fingerprint: BlobFingerprint?) -> BlobDamage? {
        guard let damage = damaged.read({ $0[digest] }), damage.fingerprint == fingerprint?.text else { return nil }
        return damage
    }

    func isSound(_ digest: BlobDigest, _ fingerprint: BlobFingerprint?) -> Bool {
        fingerprint != nil && state.withLock { $0.sound[digest] } == fingerprint
    }

    /// - Returns: whether it was known to be damaged.
    func markSound(_ digest: BlobDigest, _ fingerprint: BlobFingerprint) -> Bool {
        state.withLock { state in
            if state.sound.count >= Self.limit { state.sound = [:] }
            state.sound[digest] = fingerprint
        }
        return forgetDamage(digest)
    }

    /// - Returns: whether that is news.
    func markDamaged(_ digest: BlobDigest, _ damage: BlobDamage) -> Bool {
        state.withLock { $0.sound[digest] = nil }
        return damaged.change { all in
            defer { all[digest] = damage }
            return all[digest] != damage
        }
    }

    /// The blob is gone. - Returns: whether it was known to be damaged.
    @discardableResult
    func forget(_ digest: BlobDigest) -> Bool {
        state.withLock { $0.sound[digest] = nil }
        return forgetDamage(digest)
    }

    private func forgetDamage(_ digest: BlobDigest) -> Bool {
        guard damaged.read({ $0[digest] != nil }) else { return false }
        return damaged.change { $0.removeValue(forKey: digest) } != nil
    }

    /// Runs `body`, which reads the file, unless someone else does: then waits for that and returns nil.
    func reading<Result>(_ digest: BlobDigest, _ body: () throws(StorageError) -> Result) throws(StorageError) -> Result? {
        let (own, others) = state.withLock { state -> (DispatchGroup?, DispatchGroup?) in
            if let others = state.reading[digest] { return (nil, others) }
            let own = DispatchGroup()
            own.enter()
            state.reading[digest] = own
            return (own, nil)
        }
        others?.wait()
        guard let own else { return nil }
        defer {
            state.withLock { $0.reading[digest] = nil }
            own.leave()
        }
        return try body()
    }
}
