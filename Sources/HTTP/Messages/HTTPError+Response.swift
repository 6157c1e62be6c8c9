import HTTPTypes

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
        case .unsupportedVersion(let found):
            Problem(
                .httpVersionNotSupported, code: "version_not_supported", detail: "this server speaks HTTP/1.1, not \(found)")
        case .connectionLost:
            Problem(.badRequest, code: "connection_lost", detail: "the connection was lost")
        }
    }
}
