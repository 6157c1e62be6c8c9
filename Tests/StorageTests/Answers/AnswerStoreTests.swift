import Storage
import Testing

private func answer(_ word: String, of client: String = "", _ fingerprint: String) throws -> KeptAnswer<CheckpointRecord> {
    KeptAnswer(IdempotencyKey(client: client, word: word), fingerprint: try digest(fingerprint)) { #"{"id":"\#($0.id)"}"# }
}

private func digest(_ digit: String) throws -> BlobDigest {
    try #require(BlobDigest(hex: String(repeating: digit, count: 64)))
}

@Test func anAnswerIsKeptWithWhatWasCreated() throws {
    let store = try Store()
    let record = try store.database.checkpoints.insert(name: "a", descriptor: "{}", files: [], answer: answer("k", "1"))
    let kept = try store.database.answers.find(IdempotencyKey(client: "", word: "k"))
    #expect(kept?.answer == #"{"id":"\#(record.id)"}"#)
    #expect(kept?.fingerprint == (try digest("1")))
    #expect(try store.database.answers.find(IdempotencyKey(client: "tok_other", word: "k")) == nil)
}

@Test func neitherIsThereWithoutTheOther() throws {
    let store = try Store()
    try store.database.checkpoints.insert(name: "a", descriptor: "{}", files: [], answer: answer("k", "1"))
    #expect(throws: StorageError.self) {
        try store.database.checkpoints.insert(name: "b", descriptor: "{}", files: [], answer: answer("k", "2"))
    }
    #expect(try store.database.checkpoints.list(limit: 9).items.map(\.name) == ["a"])
}

@Test func anAnswerIsForgottenAfterADay() throws {
    let store = try Store()
    try store.database.checkpoints.insert(name: "a", descriptor: "{}", files: [], answer: answer("k", "1"))
    try store.database.execute("UPDATE kept_answers SET created_at = created_at - 24 * 60 * 60 * 1000")
    #expect(try store.database.answers.find(IdempotencyKey(client: "", word: "k")) == nil)
    try store.database.checkpoints.insert(name: "b", descriptor: "{}", files: [], answer: answer("k", "2"))
    #expect(try store.database.answers.find(IdempotencyKey(client: "", word: "k"))?.fingerprint == (try digest("2")))
}
