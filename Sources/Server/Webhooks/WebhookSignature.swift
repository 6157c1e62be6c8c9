import Foundation
import Hashing

/// Signs events as Standard Webhooks does (standardwebhooks.com, version 1.0.0): HMAC-SHA256 over `id.timestamp.body`.
package struct WebhookSignature {
    private static let prefix = "whsec_"

    private let key: [UInt8]

    /// - Parameter secret: `whsec_` and a key in base64; any other text is the key itself.
    package init(secret: String) {
        if secret.hasPrefix(Self.prefix), let bytes = Data(base64Encoded: String(secret.dropFirst(Self.prefix.count))) {
            key = Array(bytes)
        } else {
            key = Array(secret.utf8)
        }
    }

    /// What is wrong with a secret; nil when nothing is.
    static func trouble(_ secret: String) -> String? {
        guard !secret.isEmpty, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return "must be visible ASCII without spaces" }
        guard secret.hasPrefix(prefix) else { return nil }
        let key = Data(base64Encoded: String(secret.dropFirst(prefix.count)))
        return key?.isEmpty == false ? nil : "must have base64 behind whsec_"
    }

    /// The value of `webhook-signature`.
    package func value(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let code = AuthenticationCode.sha256(of: Array("\(id).\(timestamp).".utf8) + body, key: key)
        return "v1," + Data(code).base64EncodedString()
    }
}
