import HTTP
import Storage
import Synchronization

/// A request that takes its time, an upload or a long answer: it ends with the token that it came with.
///
/// Revoked while its body is read, it is answered with 401, and what had come goes the way of what was cut off; once the answer is on its
/// way, the connection is cut.
final class BearersRequest: Sendable {
    /// How far the request is. It does not hold the presence, which goes while no one may be told.
    private final class Stage: Sendable {
        private enum Value { case reading, answering, ended }

        private let value: Mutex<Value>
        private let request: Request

        init(_ request: Request, isAnswering: Bool) {
            self.request = request
            value = Mutex(isAnswering ? .answering : .reading)
        }

        func end() {
            let before = value.withLock { value in
                defer { value = .ended }
                return value
            }
            switch before {
            case .reading: request.endBody()
            case .answering: request.endAnswer()
            case .ended: break
            }
        }

        func check() throws {
            if value.withLock({ $0 == .ended }) { throw APIError.revokedToken }
        }

        func beginAnswer() throws {
            try value.withLock { value in
                guard value != .ended else { throw APIError.revokedToken }
                value = .answering
            }
        }
    }

    /// The body, which is at its end with the token.
    let body: RequestBody
    private let stage: Stage
    private let presence: TokenPresence

    /// - Throws: ``APIError`` 401 where the token has ended since it was looked at.
    init(_ request: Request, by token: AccessToken, of tokens: TokenStore, isAnswering: Bool) throws {
        let stage = Stage(request, isAnswering: isAnswering)
        guard let presence = try tokens.enter(token, end: { stage.end() }) else { throw APIError.revokedToken }
        self.stage = stage
        self.presence = presence
        body = RequestBody(length: request.body.length) {
            do {
                let chunk = try await request.body.next()
                try stage.check()
                return chunk
            } catch {
                // To whoever reads, a body that was ended looks like a client that left.
                try stage.check()
                throw error
            }
        }
    }

    /// From here on the answer is under way.
    func beginAnswer() throws { try stage.beginAnswer() }
}
