import HTTPTypes

/// A request, as a handler gets it. Its body is still on its way: ``RequestBody``.
package struct Request: Sendable {
    /// The method.
    package let method: HTTPRequest.Method
    /// Path and query as they came, the host of an absolute target left out.
    package let target: RequestTarget
    /// The host (and port) the request is for: the target's, else the field `Host`; nil only in HTTP/1.0.
    package let authority: String?
    /// The fields, `Host` among them.
    package let fields: HTTPFields
    /// What came after the head.
    package var body: RequestBody
    /// What the route's pattern captured, percent-decoded.
    package var parameters: [String: String] = [:]
    /// Ends the connection, from anywhere: whoever reads the body finds that it ends early.
    package let cutOff: @Sendable () -> Void
    /// Ends the body, from anywhere: whoever reads it finds that it ends early. It can be answered still.
    package let endBody: @Sendable () -> Void
    /// Ends the connection, from anywhere, and cancels the task that serves it: whoever writes the answer need not wait for what to say.
    package let endAnswer: @Sendable () -> Void

    package init(
        method: HTTPRequest.Method, target: RequestTarget, authority: String?, fields: HTTPFields = [:],
        body: RequestBody = RequestBody(bytes: []), cutOff: @escaping @Sendable () -> Void = {},
        endBody: @escaping @Sendable () -> Void = {}, endAnswer: @escaping @Sendable () -> Void = {}
    ) {
        self.method = method
        self.target = target
        self.authority = authority
        self.fields = fields
        self.body = body
        self.cutOff = cutOff
        self.endBody = endBody
        self.endAnswer = endAnswer
    }

    /// The raw path, for messages.
    package var path: String { target.path }

    /// The first value of a query parameter, percent-decoded; nil when it is absent.
    package func query(_ name: String) -> String? {
        target.query.first { $0.name == name }?.value
    }

    /// The same request in the form that swift-http-types has for it.
    package var head: HTTPRequest {
        HTTPRequest(method: method, scheme: "http", authority: authority, path: target.text, headerFields: fields)
    }
}
