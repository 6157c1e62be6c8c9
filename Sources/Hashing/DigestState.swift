import CCrypto

/// libcrypto's state of a digest. Its functions fail only for lack of memory, or when an algorithm is missing from the library.
///
/// Unchecked: ``MessageDigest`` alone has these. It changes one only while it has the only reference, and else copies it, which reads.
final class DigestState: @unchecked Sendable {
    private let context: OpaquePointer

    init(_ algorithm: MessageDigest.Algorithm) {
        context = Self.make()
        let kind =
            switch algorithm {
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            }
        Self.expect(EVP_DigestInit_ex(context, kind, nil))
    }

    init(copying other: DigestState) {
        context = Self.make()
        Self.expect(EVP_MD_CTX_copy_ex(context, other.context))
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) { Self.expect(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)) }

    /// The digest; nothing can be done with this afterwards.
    func finish(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, found in
            Self.expect(EVP_DigestFinal_ex(context, buffer.baseAddress, nil))
            found = count
        }
    }

    private static func make() -> OpaquePointer {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto has no memory for a digest") }
        return context
    }

    private static func expect(_ result: Int32) { precondition(result == 1, "libcrypto has no such digest") }
}
