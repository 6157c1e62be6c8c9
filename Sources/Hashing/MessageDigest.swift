import CCrypto

/// The digest of bytes that come one piece after the other (FIPS 180-4), by libcrypto, which uses the processor's own instructions.
///
/// A value: a copy goes on by itself.
package struct MessageDigest: Sendable {
    /// What is computed.
    package enum Algorithm: String, Sendable {
        case sha1, sha256

        /// Bytes of a digest.
        package var byteCount: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            }
        }
    }

    /// What it computes.
    package let algorithm: Algorithm
    private var state: DigestState

    package init(_ algorithm: Algorithm) {
        self.algorithm = algorithm
        state = DigestState(algorithm)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&state) { state = DigestState(copying: state) }
        state.update(bytes)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil { update(Array(bytes)) }
    }

    /// The digest of everything so far; more can be added afterwards.
    package func finalize() -> [UInt8] { DigestState(copying: state).finish(algorithm.byteCount) }

    /// The SHA-256 of bytes that are there already: 32 bytes.
    package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var digest = MessageDigest(.sha256)
        digest.update(bytes)
        return digest.state.finish(digest.algorithm.byteCount)
    }
}
