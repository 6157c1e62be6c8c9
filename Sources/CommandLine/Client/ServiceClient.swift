import Documents
import Foundation
import HTTP
import Jobs

/// A pruner server, asked by its API. Not for several threads at once.
package final class ServiceClient {
    /// `http://HOST:PORT`, without a slash at its end.
    let base: String
    private let token: String?
    private let http = HTTPClient(userAgent: Program.userAgent)
    private let note: (String) -> Void

    /// Bytes of a document that is read whole.
    private static let answerLimit = 1 << 30
    /// Bytes of what an answer says of a refusal.
    private static let problemLimit = 1 << 20
    /// Times that a request is made which may be made again.
    static let attempts = 6

    /// - Parameters:
    ///   - token: sent with every request.
    ///   - note: told when something is tried again.
    package init(base: String, token: String?, note: @escaping (String) -> Void) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.token = token
        self.note = note
    }

    /// For those who ask on behalf of someone who waits at a prompt: an answer soon, or none.
    func hurry(seconds: Int) {
        http.connectTimeout = seconds
        http.totalTimeout = seconds
    }

    /// A document.
    func get(_ path: String, attempts: Int = 1) throws -> JSON {
        try Self.json(try send(attempts: attempts) { ClientRequest("GET", path) })
    }

    /// The bytes of an answer, read whole; nil where the server has none.
    func found(_ path: String) throws -> [UInt8]? {
        try again(Self.attempts) {
            do {
                return try whole(ClientRequest("GET", path)).body
            } catch let error as ServiceRefusal where error.code == "not_found" {
                return nil
            }
        }
    }

    /// Makes something: once, however often it has to be asked for.
    func create(_ path: String, _ document: JSON) throws -> JSON {
        let fields = [("Content-Type", "application/json"), Self.newKey()]
        return try Self.json(
            send(attempts: Self.attempts) { ClientRequest("POST", path, fields: fields, body: .bytes(Array(document.compact.utf8))) })
    }

    /// The field that lets the server tell a repeated request from a new one.
    static func newKey() -> (String, String) { ("Idempotency-Key", UUID().uuidString.lowercased()) }

    /// Text within a path or a query (RFC 3986, section 2.3).
    static func escaped(_ text: String) -> String {
        text.utf8.map { ASCII.isAlpha($0) || ASCII.isDigit($0) || "-._~".utf8.contains($0) ? String(UnicodeScalar($0)) : hex($0) }.joined()
    }

    private static func hex(_ byte: UInt8) -> String { "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }

    /// Sends a request, again after a while where it did not come through, and takes the whole answer.
    ///
    /// - Parameter make: the request with the path in place of the URL; asked for each time.
    /// - Throws: ``CommandFailure`` with what the server says, or why there is no answer.
    func send(attempts: Int = 1, _ make: () throws -> ClientRequest) throws -> ClientAnswer {
        try again(attempts) { try whole(make()) }
    }

    /// Sends a request once and takes the whole answer.
    private func whole(_ request: ClientRequest) throws -> ClientAnswer {
        var body: [UInt8] = []
        var answer = try exchange(request) { answer, part in
            let limit = answer.isRefusal ? Self.problemLimit : Self.answerLimit
            guard body.count + part.count <= limit else { throw ClientError.answerTooLarge(limit: limit) }
            body.append(contentsOf: part)
        }
        answer.body = body
        return try accepted(answer)
    }

    /// Sends a request once and hands on the bytes of an answer that is no refusal as they come.
    ///
    /// - Throws: ``CommandFailure`` with what the server says; ``ClientError``; what `receive` throws.
    func stream(_ request: ClientRequest, receive: (ClientAnswer, UnsafeRawBufferPointer) throws -> Void) throws -> ClientAnswer {
        var problem: [UInt8] = []
        var answer = try exchange(request) { answer, part in
            guard answer.isRefusal else { return try receive(answer, part) }
            guard problem.count + part.count <= Self.problemLimit else { throw ClientError.answerTooLarge(limit: Self.problemLimit) }
            problem.append(contentsOf: part)
        }
        answer.body = problem
        return try accepted(answer)
    }

    /// Does something that may be done again, after a while when the connection or the server failed.
    func again<Result>(_ attempts: Int, _ body: () throws -> Result) throws -> Result {
        var pause: UInt32 = 1
        for attempt in 1... {
            do {
                return try body()
            } catch let error as ClientError where attempt < attempts && error.mayPass {
                note("\(error); trying again")
            } catch let error as ServiceRefusal where attempt < attempts && error.mayPass {
                note("\(error.detail); trying again")
            } catch let error as ClientError {
                throw CommandFailure(.unavailable, "\(error)\nis a pruner server running there? --url or PRUNER_URL names another")
            } catch let error as ServiceRefusal {
                throw error.failure
            }
            sleep(pause)
            pause = min(pause * 2, 8)
        }
        preconditionFailure("a loop without an end has ended")
    }

    private func exchange(_ request: ClientRequest, receive: (ClientAnswer, UnsafeRawBufferPointer) throws -> Void) throws -> ClientAnswer {
        var request = request
        request.url = base + request.url
        if let token { request.fields.append(("Authorization", "Bearer \(token)")) }
        return try http.send(request, receive: receive)
    }

    private func accepted(_ answer: ClientAnswer) throws -> ClientAnswer {
        guard answer.isRefusal else { return answer }
        throw ServiceRefusal(answer)
    }

    private static func json(_ answer: ClientAnswer) throws -> JSON {
        do { return try JSON(parsing: answer.body) } catch {
            throw CommandFailure(.unavailable, "the server's answer is not JSON: is it a pruner server?")
        }
    }
}

extension ClientAnswer {
    /// Whether it is an error, or what this client does not follow.
    fileprivate var isRefusal: Bool { status >= 300 && status != 304 }
}

extension ClientError {
    /// Whether another try may come through.
    var mayPass: Bool {
        switch self {
        case .failed, .timeout: true
        case .badURL, .forbiddenAddress, .answerTooLarge, .cancelled: false
        }
    }
}
