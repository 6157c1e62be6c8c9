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
    /// 505: a version other than 1.0 and 1.1.
    case unsupportedVersion(String)
    /// The peer is gone: there is no one to answer.
    case connectionLost
}
