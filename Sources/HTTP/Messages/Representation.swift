import HTTPTypes

/// A content that always has the same bytes under the same tag: answers conditional requests and ranges (RFC 9110, sections 13 and 14).
package struct Representation: Sendable {
    /// The strong entity tag's text, without its quotes.
    let tag: String
    let parts: [ResponseBody.Part]
    /// Fields of a full answer, such as its type.
    let fields: HTTPFields

    package init(tag: String, parts: [ResponseBody.Part], fields: HTTPFields) {
        self.tag = tag
        self.parts = parts
        self.fields = fields
    }

    private var etag: String { "\"\(tag)\"" }
    private var length: Int64 { parts.reduce(0) { $0 + $1.length } }

    /// The answer to a GET or HEAD: 200, 206 or 304.
    /// - Throws: 412, 416.
    package func response(to request: Request) throws(HTTPError) -> Response {
        var common: HTTPFields = [.eTag: etag, .acceptRanges: "bytes"]
        // In the order of RFC 9110, section 13.2.2. There are no dates to compare: what asks for one is overlooked, as section 13.1.4 says.
        if let condition = EntityTags(request.fields[values: .ifMatch]), !condition.containsStrongly(etag) {
            throw .preconditionFailed
        }
        if let condition = EntityTags(request.fields[values: .ifNoneMatch]), condition.containsWeakly(etag) {
            return Response(status: .notModified, fields: common)
        }
        let whole = length
        var range: ClosedRange<Int64>?
        // A date cannot match here, nor a weak tag (section 13.1.5): then the whole is sent.
        let isCurrent = request.fields[values: .ifRange].allSatisfy { $0 == etag }
        if request.method == .get, isCurrent, let asked = ByteRange(request.fields[values: .range]) {
            guard let found = asked.within(whole) else { throw .rangeNotSatisfiable(length: whole) }
            range = found
        }
        common.append(contentsOf: fields)
        guard let range else { return Response(status: .ok, fields: common, body: .parts(parts)) }
        common[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(whole)"
        return Response(status: .partialContent, fields: common, body: .parts(slice(range)))
    }

    private func slice(_ range: ClosedRange<Int64>) -> [ResponseBody.Part] {
        var sliced: [ResponseBody.Part] = []
        var position: Int64 = 0
        for part in parts {
            let first = max(range.lowerBound, position)
            let last = min(range.upperBound, position + part.length - 1)
            if first <= last { sliced.append(part.slice(first - position, last - first + 1)) }
            position += part.length
        }
        return sliced
    }
}
