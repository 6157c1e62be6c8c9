import GRDB
import Hashing

/// The tokens' rows. Of a secret only its SHA-256 is kept: 256 random bits need no slower hash.
public struct TokenStore: Sendable {
    /// A token with the hash of its secret.
    let database: Database

    /// Makes a token. Its secret is told once, here.
    public func create(
        name: String, scope: AccessToken.Scope, limits: AccessToken.Limits = .init()
    ) throws(StorageError) -> (token: AccessToken, secret: String) {
        let secret = Self.secret()
        let token = AccessToken(id: Identifier.make(.token), name: name, scope: scope, limits: limits, createdAt: .now())
        try changing { () throws(StorageError) in
            try database.write("make a token") { rows in
                try rows.execute(
                    sql: """
                        INSERT INTO tokens (id, name, hash, scope, created_at, upload_bytes, stored_bytes, queued_jobs)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        token.id, name, BlobDigest(MessageDigest.sha256(secret.utf8)).hex, scope.rawValue, token.createdAt.milliseconds,
                        limits.uploadBytes, limits.storedBytes, limits.queuedJobs,
                    ])
            }
        }
        return (token, secret)
    }

    /// All tokens, oldest first.
    public func list() throws(StorageError) -> [AccessToken] { try known().map(\.token) }

    /// Makes a token worthless, at once, also to those who are at work by it. What its bearer stored stays.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func revoke(_ id: String) throws(StorageError) {
        try changing { () throws(StorageError) in
            try database.write("revoke a token") { rows in
                try rows.execute(sql: "DELETE FROM tokens WHERE id = ?", arguments: [id])
                guard rows.changesCount == 1 else { throw StorageError.notFound(.token, id: id) }
            }
        }
        database.bearers.end(id)
    }

    /// Comes to work by a token, for as long as the presence lives; nil when the token has ended.
    ///
    /// - Parameter end: called when the token ends: must neither take long nor come here again.
    public func enter(_ token: AccessToken, end: @escaping @Sendable () -> Void) throws(StorageError) -> TokenPresence? {
        let presence = database.bearers.enter(token.id, end: end)
        // In this order: a token that ends meanwhile is missed here, or its bearer is told.
        return try known().contains { $0.token.id == token.id } ? presence : nil
    }

    /// The token whose secret this is; nil for any other text. How long it takes tells nothing about how much was right.
    public func find(secret: String) throws(StorageError) -> AccessToken? {
        let hash = MessageDigest.sha256(secret.utf8)
        var found: AccessToken?
        for known in try known() {
            let difference = zip(known.hash, hash).reduce(0) { $0 | ($1.0 ^ $1.1) }
            if difference == 0 { found = known.token }
        }
        return found
    }

    /// Bytes of what the bearer of a token has stored.
    public func storedBytes(of id: String) throws(StorageError) -> Int64 {
        try database.read("count stored bytes") { try Self.storedBytes(of: id, in: $0) }
    }

    static func storedBytes(of id: String, in rows: GRDB.Database) throws -> Int64 {
        try Int64.fetchOne(
            rows,
            sql: """
                SELECT (SELECT COALESCE(SUM(size), 0) FROM checkpoint_files JOIN checkpoints ON checkpoint = id WHERE token = ?1)
                    + (SELECT COALESCE(SUM(pack_size + COALESCE(embeddings_size, 0)), 0) FROM datasets WHERE token = ?1)
                    + (SELECT COALESCE(SUM(size), 0) FROM evaluation_files WHERE token = ?1)
                    + (SELECT COALESCE(SUM(length), 0) FROM uploads WHERE token = ?1)
                """, arguments: [id])!
    }

    /// 256 bits as base64url with a word in front that tells what it is.
    private static func secret() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var generator = SystemRandomNumberGenerator()
        return "pruner_" + String(decoding: (0..<43).map { _ in alphabet[Int(generator.next() & 63)] }, as: UTF8.self)
    }

    /// The rows, read once: only this process changes them, through ``changing(_:)``.
    private func known() throws(StorageError) -> [KnownToken] {
        if let read = database.tokensRead.read({ $0 }) { return read }
        return try database.tokensRead.change { read throws(StorageError) in
            let found = try database.read("read the tokens") { rows in
                try Row.fetchAll(rows, sql: "SELECT * FROM tokens ORDER BY id").map { try Self.known($0) }
            }
            read = found
            return found
        }
    }

    private func changing(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        try database.tokensRead.change { read throws(StorageError) in
            read = nil
            try body()
        }
    }

    private static func known(_ row: Row) throws -> KnownToken {
        guard let scope = AccessToken.Scope(rawValue: row["scope"]) else {
            throw StorageError.database(doing: "read a token", found: "scope \(row["scope"] as String)")
        }
        let token = AccessToken(
            id: row["id"], name: row["name"], scope: scope,
            limits: .init(uploadBytes: row["upload_bytes"], storedBytes: row["stored_bytes"], queuedJobs: row["queued_jobs"]),
            createdAt: Timestamp(milliseconds: row["created_at"]))
        return KnownToken(token: token, hash: try row.digest("hash").bytes)
    }
}
