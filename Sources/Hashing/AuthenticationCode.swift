import CCrypto

/// Codes that only who has the key can make (RFC 2104).
package enum AuthenticationCode {
    /// HMAC-SHA-256: 32 bytes.
    package static func sha256(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: MessageDigest.Algorithm.sha256.byteCount) { buffer, count in
            let made = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, buffer.baseAddress, nil)
            precondition(made != nil, "libcrypto has no HMAC-SHA-256")
            count = MessageDigest.Algorithm.sha256.byteCount
        }
    }
}
