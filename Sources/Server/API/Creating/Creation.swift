import Foundation
import HTTP
import HTTPTypes
import Hashing
import Storage

/// One creating POST, which happens once for each `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
///
/// The handler reads the body, asks for the ``firstAnswer(to:)`` to it, and gives what it creates the ``keeping(_:_:)`` of its own.
struct Creation {
    /// Nil when the request has none.
    let key: IdempotencyKey?
    private let answers: AnswerStore
    /// Method, path and query: the same body elsewhere is another request.
    private let line: String

    /// Whether the key came before: then nothing is stored, whatever the body turns out to be.
    let isRepeated: Bool

    init(_ request: Request, key: IdempotencyKey?, answers: AnswerStore) throws {
        self.key = key
        self.answers = answers
        isRepeated = try key.map { try answers.find($0) != nil } ?? false
        line = "\(request.method.rawValue) \(request.target.text)"
    }

    /// What was answered to this request before; nil when it is to be done now.
    ///
    /// - Parameter body: tells one body from another; asked for only when it matters.
    /// - Throws: ``APIError`` 422 `idempotency_key_reused` when the key came with another request.
    func firstAnswer(to body: @autoclosure () throws -> String) throws -> Response? {
        guard let key, let kept = try answers.find(key) else { return nil }
        guard kept.fingerprint == fingerprint(try body()) else {
            throw APIError(
                .unprocessableContent, "idempotency_key_reused", "this Idempotency-Key came with another request before")
        }
        var response = try Created(kept: kept.answer).response
        response.fields[.idempotentReplayed] = "true"
        return response
    }

    /// The answer to be kept with what is created; nil without a key.
    func keeping<Record>(_ body: @autoclosure () throws -> String, _ answer: @escaping (Record) throws -> Created) rethrows
        -> KeptAnswer<Record>?
    {
        guard let key else { return nil }
        return KeptAnswer(key, fingerprint: fingerprint(try body())) { try answer($0).kept }
    }

    private func fingerprint(_ body: String) -> BlobDigest {
        BlobDigest(MessageDigest.sha256("\(line)\n\(body)".utf8))
    }
}
