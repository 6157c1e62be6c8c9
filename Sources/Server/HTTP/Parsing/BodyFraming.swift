import HTTPTypes

/// How long a request's body is (RFC 9112, section 6.3). Whatever could be read in two ways is refused: that is how requests are smuggled.
enum BodyFraming: Equatable {
    case none
    case length(Int64)
    case chunked

    init(_ fields: HTTPFields, minorVersion: Int) throws(HTTPError) {
        let lengths = fields[values: .contentLength]
        let codings = fields[values: .transferEncoding]
        guard codings.isEmpty else {
            guard lengths.isEmpty else {
                throw .malformed("both Content-Length and Transfer-Encoding are given", section: "RFC 9112, section 6.3")
            }
            guard minorVersion > 0 else {
                throw .malformed("HTTP/1.0 has no Transfer-Encoding", section: "RFC 9112, section 6.1")
            }
            let names = FieldLine.list(codings)
            if let unknown = names.first(where: { $0 != "chunked" }) {
                throw .notImplemented("the transfer coding \(unknown) is not known", section: "RFC 9112, section 6.1")
            }
            guard names.count == 1, codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw .malformed("Transfer-Encoding must be chunked, once", section: "RFC 9112, section 6.1")
            }
            self = .chunked
            return
        }
        guard lengths.count <= 1 else {
            throw .malformed("Content-Length is given more than once", section: "RFC 9112, section 6.3")
        }
        guard let text = lengths.first else {
            self = .none
            return
        }
        guard let length = ASCII.decimal(Array(text.utf8)) else {
            throw .malformed("Content-Length is not one number of at most 18 digits", section: "RFC 9110, section 8.6")
        }
        self = length == 0 ? .none : .length(length)
    }
}
