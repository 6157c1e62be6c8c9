import GRDB

/// The answer to a creating request, written down in the transaction that creates: there is never one without the other.
public struct KeptAnswer<Record> {
    private let key: IdempotencyKey
    private let fingerprint: BlobDigest
    private let answer: (Record) throws -> String

    /// - Parameters:
    ///   - fingerprint: of the request, by which the same one is known again.
    ///   - answer: JSON, made of what was created; the store does not read it.
    public init(_ key: IdempotencyKey, fingerprint: BlobDigest, answer: @escaping (Record) throws -> String) {
        self.key = key
        self.fingerprint = fingerprint
        self.answer = answer
    }

    /// Writes it down, and forgets those that are too old.
    func keep(_ record: Record, in rows: GRDB.Database) throws {
        let now = Timestamp.now().milliseconds
        // By the store's own time, as ``StoreClock`` has it.
        try rows.execute(
            sql: """
                DELETE FROM kept_answers
                    WHERE created_at <= (SELECT CASE WHEN ?1 - clock > 86400000 THEN clock ELSE ?1 END FROM store) - ?2
                """, arguments: [now, AnswerStore.lifetime])
        try rows.execute(
            sql: "INSERT INTO kept_answers (client, key, fingerprint, answer, created_at) VALUES (?, ?, ?, ?, ?)",
            arguments: [key.client, key.word, fingerprint.hex, try answer(record), now])
    }
}
