import HTTP
import HTTPTypes
import Storage

/// Lets requests in by their tokens (RFC 6750).
struct Access: Sendable {
    let tokens: TokenStore
    /// Whether requests are served without a token while there is none.
    let allowsAnonymous: Bool

    /// What an orchestrator asks before it has any secret, and what a person is asked for theirs by.
    private static let open: Set = ["/healthz", "/readyz", "/"]
    private static func isOpen(_ path: String) -> Bool { open.contains(path) || path.hasPrefix("/dashboard/") }

    /// The token that lets a request in; nil where none is needed.
    ///
    /// - Throws: 401 without a token that is known, 403 with one that does not reach.
    func check(_ request: Request) throws -> AccessToken? {
        guard !Self.isOpen(request.path), let token = try token(of: request) else { return nil }
        let isReading = request.method == .get || request.method == .head
        guard isReading || token.scope == .write else {
            throw APIError(
                .forbidden, "insufficient_scope", "this token may only read",
                fields: [.wwwAuthenticate: "Bearer realm=\"pruner\", error=\"insufficient_scope\", scope=\"write\""])
        }
        return token
    }

    /// Has a request with a body end with its token; nil where there is none to read.
    func receiving(_ request: Request, by token: AccessToken?) throws -> BearersRequest? {
        guard let token, request.body.length != 0 else { return nil }
        return try BearersRequest(request, by: token, of: tokens, isAnswering: false)
    }

    /// Has an answer that may take long end with the token of its request. Others are with the kernel at once.
    func answering(_ request: Request, by token: AccessToken?, _ received: BearersRequest?, with response: inout Response) throws {
        switch response.body {
        case .empty: return
        case .bytes(let bytes) where bytes.count <= Self.smallAnswer: return
        case .bytes, .file, .parts, .stream: break
        }
        guard let token else { return }
        try received?.beginAnswer()
        response.companion = try received ?? BearersRequest(request, by: token, of: tokens, isAnswering: true)
    }

    /// Bytes that a connection's buffer takes.
    private static let smallAnswer = 64 << 10

    /// The token a request came with; nil where none is needed.
    func token(of request: Request) throws -> AccessToken? {
        if allowsAnonymous, try tokens.list().isEmpty { return nil }
        let values = request.fields[values: .authorization]
        guard values.count == 1, let space = values[0].firstIndex(of: " "), values[0][..<space].lowercased() == "bearer" else {
            throw APIError(
                .unauthorized, "unauthorized", "this needs Authorization: Bearer TOKEN",
                fields: [.wwwAuthenticate: "Bearer realm=\"pruner\""])
        }
        let secret = values[0][space...].drop { $0 == " " }
        guard let token = try tokens.find(secret: String(secret)) else {
            throw APIError(
                .unauthorized, "unauthorized", "this token is not known here",
                fields: [.wwwAuthenticate: "Bearer realm=\"pruner\", error=\"invalid_token\""])
        }
        return token
    }
}
