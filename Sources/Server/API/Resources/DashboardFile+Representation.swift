import Dashboard
import HTTP
import HTTPTypes
import Hashing
import Storage

extension DashboardFile {
    /// Each file's SHA-256, by its name.
    private static let tags = Dictionary(
        uniqueKeysWithValues: ([page] + all).map { ($0.name, BlobDigest(MessageDigest.sha256($0.bytes)).hex) })

    /// It may be kept, and is asked for again each time: the server may be another version by then.
    var representation: Representation {
        Representation(
            tag: Self.tags[name] ?? "", parts: [.bytes(bytes)],
            fields: [
                .contentType: type, .cacheControl: "no-cache", .contentSecurityPolicy: Self.policy, .referrerPolicy: "no-referrer",
                .openerPolicy: "same-origin", .resourcePolicy: "same-origin",
            ])
    }

    /// Nothing from elsewhere, nothing inline; pictures that the page fetched with its token are blobs.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; \
        frame-ancestors 'none'; base-uri 'none'
        """
}
