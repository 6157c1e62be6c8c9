import HTTPTypes

/// What HTTP itself refuses, whatever the service: what was expected and what was found.
package enum HTTPError: Error, Sendable, Equatable {
    /// 400: the bytes are not the protocol's. `section` names the rule.
    case malformed(String, section: String)
    /// 403: a page of another origin must not drive a server on loopback.
    case foreignOrigin(String)
    /// 404: no route has this path.
    case notFound(path: String)
    /// 405: the path has routes, but none with this method.
    case methodNotAllowed(HTTPRequest.Method, allowed: [HTTPRequest.Method])
    /// 408: the client took too long.
    case timeout(String)
    /// 412: a condition of the request does not hold.
    case preconditionFailed
    /// 416: the content has none of the bytes asked for.
    case rangeNotSatisfiable(length: Int64)
    /// 413: the body is larger than this many bytes.
    case bodyTooLarge(limit: Int64)
    /// 414: the request target is longer than this many bytes.
    case targetTooLong(limit: Int)
    /// 417: an expectation other than `100-continue`.
    case expectationFailed(String)
    /// 421: the request is for another host.
    case misdirected(host: String)
    /// 431: the head is larger than this.
    case headTooLarge(String)
    /// 501: a transfer coding or method that this server does not know.
    case notImplemented(String, section: String)
    /// 503: answers hold as many files open as they may.
    case tooManyFiles
    /// 505: a version other than 1.0 and 1.1.
    case unsupportedVersion(String)
    /// The peer is gone: there is no one to answer.
    case connectionLost
}

extension HTTPError: RespondingError {
    package func response() -> Response {
        problem.response()
    }

    private var problem: Problem {
        switch self {
        case .malformed(let detail, let section):
            Problem(.badRequest, code: "malformed_request", detail: "\(detail) (\(section))")
        case .foreignOrigin(let origin):
            Problem(.forbidden, code: "foreign_origin", detail: "requests from \(origin) are not accepted")
        case .notFound(let path):
            Problem(.notFound, code: "not_found", detail: "there is nothing at \(path)")
        case .methodNotAllowed(let method, let allowed):
            Problem(
                .methodNotAllowed, code: "method_not_allowed", detail: "\(method.rawValue) is not possible here",
                fields: [.allow: allowed.map(\.rawValue).joined(separator: ", ")])
        case .timeout(let detail):
            Problem(.requestTimeout, code: "request_timeout", detail: detail)
        case .preconditionFailed:
            Problem(.preconditionFailed, code: "precondition_failed", detail: "the content here is not the one the request is for")
        case .rangeNotSatisfiable(let length):
            Problem(
                .rangeNotSatisfiable, code: "range_not_satisfiable", detail: "the content has \(length) bytes and none of those asked for",
                fields: [.contentRange: "bytes */\(length)"])
        case .bodyTooLarge(let limit):
            Problem(.contentTooLarge, code: "body_too_large", detail: "the body must not be larger than \(limit) bytes")
        case .targetTooLong(let limit):
            Problem(.uriTooLong, code: "target_too_long", detail: "the request target must not be longer than \(limit) bytes")
        case .expectationFailed(let found):
            Problem(.expectationFailed, code: "expectation_failed", detail: "the only expectation known is 100-continue, not \(found)")
        case .misdirected(let host):
            Problem(.misdirectedRequest, code: "misdirected_request", detail: "this server is not \(host)")
        case .headTooLarge(let detail):
            Problem(.requestHeaderFieldsTooLarge, code: "head_too_large", detail: detail)
        case .notImplemented(let detail, let section):
            Problem(.notImplemented, code: "not_implemented", detail: "\(detail) (\(section))")
        case .tooManyFiles:
            Problem(
                .serviceUnavailable, code: "too_many_downloads", detail: "as many files are being sent as the server may have open",
                fields: [.retryAfter: "10"])
        case .unsupportedVersion(let found):
            Problem(
                .httpVersionNotSupported, code: "version_not_supported", detail: "this server speaks HTTP/1.1, not \(found)")
        case .connectionLost:
            Problem(.badRequest, code: "connection_lost", detail: "the connection was lost")
        }
    }
}
