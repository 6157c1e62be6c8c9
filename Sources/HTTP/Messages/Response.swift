import HTTPTypes

/// An answer. The connection adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`; what a handler sets of the
/// last three is ignored.
package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: ResponseBody
    /// What lives until the answer has been sent, or has broken off.
    package var companion: (any AnyObject & Sendable)?

    package init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: ResponseBody = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
