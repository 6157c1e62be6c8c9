import HTTPTypes

/// How long a request's body is (RFC 9112, section 6.3). Whatever could be read in two ways is refused: that is how requests are smuggled.
///
/// A coding that is not known is 501 only where the length can be told all the same, because `chunked` comes last; else it is 400.
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
            guard names.last == "chunked" else {
                throw .malformed(
                    "the last transfer coding is not chunked: where the body ends cannot be told", section: "RFC 9112, section 6.3")
            }
            let others = names.dropLast()
            guard !others.contains("chunked") else {
                throw .malformed("chunked is given more than once", section: "RFC 9112, section 6.1")
            }
            // A quoted parameter may hold a comma, and then the list has two readings.
            if let broken = others.first(where: { HeaderParameters($0).map { ASCII.isToken($0.value.utf8) } != true }) {
                throw .malformed("\(broken) is no transfer coding", section: "RFC 9112, section 7")
            }
            if let unknown = others.first {
                throw .notImplemented("the transfer coding \(unknown) is not known", section: "RFC 9112, section 6.1")
            }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
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
