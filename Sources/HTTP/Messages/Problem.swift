import Foundation
import HTTPTypes

/// An error answer, `application/problem+json` (RFC 9457, section 3) with a stable `code` and, for a bad body, where it is bad.
package struct Problem: Sendable {
    /// One member of `errors`.
    package struct Item: Sendable, Encodable, Equatable {
        /// A JSON pointer (RFC 6901) into the request's body.
        package let pointer: String
        /// What is wrong there.
        package let detail: String

        package init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    private struct Payload: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
        let code: String
        let errors: [Item]?
    }

    package let status: HTTPResponse.Status
    package let code: String
    package let detail: String
    package let errors: [Item]
    /// Fields of the answer beside its type, such as `Allow`.
    package let fields: HTTPFields

    package init(_ status: HTTPResponse.Status, code: String, detail: String, errors: [Item] = [], fields: HTTPFields = [:]) {
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.fields = fields
    }

    package func response() -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let payload = Payload(
            type: "about:blank", title: status.reasonPhrase, status: status.code, detail: detail, code: code,
            errors: errors.isEmpty ? nil : errors)
        var fields = fields
        fields[.contentType] = "application/problem+json"
        // Strings and integers always encode.
        let bytes = (try? encoder.encode(payload)).map { [UInt8]($0) } ?? []
        return Response(status: status, fields: fields, body: .bytes(bytes))
    }
}
