import HTTP
import HTTPTypes
import Storage

extension API {
    /// Answers a creating POST: one at a time for each key.
    func creating(_ request: Request, _ create: (Creation) async throws -> Response) async throws -> Response {
        guard let word = request.fields[.idempotencyKey] else {
            return try await create(try Creation(request, key: nil, answers: database.answers))
        }
        guard (1...255).contains(word.utf8.count), word.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw APIError(.badRequest, "invalid_idempotency_key", "an Idempotency-Key has 1 to 255 visible ASCII characters")
        }
        let key = IdempotencyKey(client: try access.token(of: request)?.id ?? "", word: word)
        return try await keysInUse.with(key) {
            try await create(try Creation(request, key: key, answers: database.answers))
        }
    }
}
