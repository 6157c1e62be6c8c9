import Foundation
import HTTP
import HTTPTypes
import Hashing
import Synchronization

/// The SHA-256 that a client says its request's body has, in `Content-Digest` or `Repr-Digest` (RFC 9530, sections 2 and 3): one and
/// the same thing here, as no body has a content coding or is a part.
struct DigestFields {
    private let expected: [(field: String, digest: [UInt8])]

    /// Reads both fields; nil when neither has a SHA-256. Other algorithms are passed over (RFC 9530, section 2).
    ///
    /// - Throws: ``APIError`` 400 `invalid_digest`.
    init?(_ fields: HTTPFields) throws {
        expected = try [HTTPField.Name.contentDigest, .reprDigest].compactMap { name in
            try Self.digest(fields[name]).map { (name.rawName, $0) }
        }
        if expected.isEmpty { return nil }
    }

    /// A dictionary of byte sequences (RFC 8941, sections 3.2 and 3.3.5): `sha-256=:…base64…:, sha-512=:…:`. The last one counts.
    private static func digest(_ value: String?) throws -> [UInt8]? {
        var found: [UInt8]?
        for member in value?.split(separator: ",") ?? [] {
            let parts = member.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.first == "sha-256" else { continue }
            guard parts.count == 2, parts[1].count > 2, parts[1].hasPrefix(":"), parts[1].hasSuffix(":"),
                let digest = Data(base64Encoded: String(parts[1].dropFirst().dropLast())),
                digest.count == MessageDigest.Algorithm.sha256.byteCount
            else {
                throw APIError(.badRequest, "invalid_digest", "a digest is written sha-256=:…: around 32 bytes in base64 (RFC 9530)")
            }
            found = Array(digest)
        }
        return found
    }

    /// The same body, which fails at its end when it is not the one that was announced.
    func verified(_ body: RequestBody) -> RequestBody {
        let hash = Mutex(MessageDigest(.sha256))
        return RequestBody(length: body.length) { [expected] in
            if let chunk = try await body.next() {
                hash.withLock { $0.update(chunk) }
                return chunk
            }
            let found = hash.withLock { $0.finalize() }
            for (field, digest) in expected where digest != found {
                throw APIError(
                    .badRequest, "digest_mismatch",
                    "\(field) announced sha-256=:\(Data(digest).base64EncodedString()):, "
                        + "what came has sha-256=:\(Data(found).base64EncodedString()):")
            }
            return nil
        }
    }
}
