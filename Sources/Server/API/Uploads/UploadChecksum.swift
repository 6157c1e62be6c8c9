import Crypto
import Foundation

/// The checksum that a tus client sends with a piece: `Upload-Checksum: sha1 BASE64` (tus 1.0.0, checksum extension).
struct UploadChecksum {
    /// sha1 is the one that every server must know.
    static let algorithms = "sha1,sha256"

    private enum Hash {
        case sha1(Insecure.SHA1)
        case sha256(SHA256)
    }

    private var hash: Hash
    private let expected: [UInt8]

    /// A checksum of another length than its algorithm's is one that no piece has: it is found not to match, as tus says of those.
    ///
    /// - Throws: ``APIError`` 400 for an algorithm that is not known, or what is no base64.
    init(_ text: String) throws {
        let parts = text.split(separator: " ")
        let expected = parts.count == 2 ? Data(base64Encoded: String(parts[1])) : nil
        switch parts.first {
        case "sha1" where expected != nil: hash = .sha1(Insecure.SHA1())
        case "sha256" where expected != nil: hash = .sha256(SHA256())
        default:
            throw APIError(
                .badRequest, "invalid_checksum", "Upload-Checksum is one of \(Self.algorithms), a space and the checksum in base64")
        }
        self.expected = Array(expected ?? Data())
    }

    mutating func update(_ bytes: [UInt8]) {
        switch hash {
        case .sha1(var sha1):
            sha1.update(data: bytes)
            hash = .sha1(sha1)
        case .sha256(var sha256):
            sha256.update(data: bytes)
            hash = .sha256(sha256)
        }
    }

    /// - Throws: ``APIError`` 460.
    func check() throws {
        let found =
            switch hash {
            case .sha1(let sha1): Array(sha1.finalize())
            case .sha256(let sha256): Array(sha256.finalize())
            }
        guard found == expected else {
            throw APIError(
                .init(code: 460, reasonPhrase: "Checksum Mismatch"), "checksum_mismatch",
                "what came does not have the checksum \(Data(expected).base64EncodedString()); it was not kept")
        }
    }
}
