import HTTP
import Storage
import Synchronization

/// The idempotency keys of the requests that are being answered.
final class KeysInUse: Sendable {
    private let keys = Mutex<Set<IdempotencyKey>>([])

    /// Runs `body` while no one else can use the key.
    ///
    /// - Throws: ``APIError`` 409 when someone does.
    func with(_ key: IdempotencyKey, _ body: () async throws -> Response) async throws -> Response {
        guard keys.withLock({ $0.insert(key).inserted }) else {
            throw APIError(.conflict, "idempotency_key_in_use", "a request with this Idempotency-Key is being answered")
        }
        defer { keys.withLock { _ = $0.remove(key) } }
        return try await body()
    }
}
