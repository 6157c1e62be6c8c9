import HTTPTypes

/// A request's head, checked.
struct RequestHead {
    let method: HTTPRequest.Method
    let target: RequestTarget
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    let minorVersion: Int
    let fields: HTTPFields
    let authority: String?
    let framing: BodyFraming
    /// Whether the connection may serve another request after this one. Never for HTTP/1.0.
    let keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool

    init(method: HTTPRequest.Method, target: RequestTarget, minorVersion: Int, fields: HTTPFields) throws(HTTPError) {
        let hosts = fields[values: .host]
        guard hosts.count <= 1, !(hosts.isEmpty && minorVersion > 0) else {
            throw .malformed("exactly one Host is needed", section: "RFC 9112, section 3.2")
        }
        if let host = hosts.first, Host(host) == nil {
            throw .malformed("the value of Host is not valid", section: "RFC 9112, section 3.2")
        }
        framing = try BodyFraming(fields, minorVersion: minorVersion)
        // The host of an absolute target goes before the field (RFC 9112, section 3.2.2).
        authority = target.authority ?? hosts.first
        keepsAlive = minorVersion > 0 && !FieldLine.list(fields[values: .connection]).contains("close")
        let expectations = fields[values: .expect]
        if minorVersion > 0, !expectations.isEmpty {
            guard expectations.count == 1, expectations[0].lowercased() == "100-continue" else {
                throw .expectationFailed(expectations.joined(separator: ", "))
            }
        }
        // HTTP/1.0 clients do not know the answer (RFC 9110, section 10.1.1); without a body there is nothing to go on with.
        expectsContinue = minorVersion > 0 && !expectations.isEmpty && framing != .none
        self.method = method
        self.target = target
        self.minorVersion = minorVersion
        self.fields = fields
    }
}

extension HTTPField.Name {
    /// HTTP/1's own field; swift-http-types has it as the request's authority.
    static let host = HTTPField.Name("Host")!
}
