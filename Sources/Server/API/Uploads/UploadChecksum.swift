import Foundation
import Hashing

/// The checksum that a tus client sends with a piece: `Upload-Checksum: sha1 BASE64` (tus 1.0.0, checksum extension).
struct UploadChecksum {
    /// sha1 is the one that every server must know.
    static let algorithms = "sha1,sha256"

    private var digest: MessageDigest
    private let expected: [UInt8]

    /// A checksum of another length than its algorithm's is one that no piece has: it is found not to match, as tus says of those.
    ///
    /// - Throws: ``APIError`` 400 for an algorithm that is not known, or what is no base64.
    init(_ text: String) throws {
        let parts = text.split(separator: " ")
        let expected = parts.count == 2 ? Data(base64Encoded: String(parts[1])) : nil
        guard let name = parts.first, let algorithm = MessageDigest.Algorithm(rawValue: String(name)), let expected else {
            throw APIError(
                .badRequest, "invalid_checksum", "Upload-Checksum is one of \(Self.algorithms), a space and the checksum in base64")
        }
        digest = MessageDigest(algorithm)
        self.expected = Array(expected)
    }

    mutating func update(_ bytes: [UInt8]) { digest.update(bytes) }

    /// - Throws: ``APIError`` 460.
    func check() throws {
        guard digest.finalize() == expected else {
            throw APIError(
                .init(code: 460, reasonPhrase: "Checksum Mismatch"), "checksum_mismatch",
                "what came does not have the checksum \(Data(expected).base64EncodedString()); it was not kept")
        }
    }
}
