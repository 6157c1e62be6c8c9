/// What is wrong with one field of a request.
package struct FieldError: Error, Equatable, Sendable {
    /// A JSON pointer (RFC 6901) into the request; empty for the request itself.
    package let pointer: String
    /// What is wrong there, safe to show.
    package let detail: String

    package init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }
}
