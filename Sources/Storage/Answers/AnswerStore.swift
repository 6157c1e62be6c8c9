import GRDB

/// Answers that were kept for the day after.
public struct AnswerStore: Sendable {
    let database: Database

    /// Milliseconds that an answer is kept.
    static let lifetime: Int64 = 24 * 60 * 60 * 1000

    /// The answer kept under a key, and the fingerprint of the request it was given to; nil when there is none or it is too old.
    public func find(_ key: IdempotencyKey, now: Timestamp = .now()) throws(StorageError) -> (fingerprint: BlobDigest, answer: String)? {
        try database.read("look for a kept answer") { rows in
            try Row.fetchOne(
                rows, sql: "SELECT fingerprint, answer FROM kept_answers WHERE client = ? AND key = ? AND created_at > ?",
                arguments: [key.client, key.word, database.clock.time(now).milliseconds - Self.lifetime]
            ).map { (try $0.digest("fingerprint"), $0["answer"]) }
        }
    }
}
