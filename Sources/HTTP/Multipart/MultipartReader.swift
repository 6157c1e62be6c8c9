import Foundation
import HTTPTypes

/// Reads a `multipart/form-data` body (RFC 7578) part by part as it comes; memory stays flat whatever the parts' sizes.
///
///     let reader = try MultipartReader(request.body, contentType: request.fields[.contentType])
///     while let part = try await reader.nextPart() { … try await part.body.next() … }
package actor MultipartReader {
    /// Bytes in a part's fields.
    static let headLimit = 8 * 1024
    /// Parts in a body.
    static let partLimit = 64
    /// Bytes before the first part.
    static let preambleLimit = 8 * 1024

    private enum State {
        case preamble, contents, betweenParts, end
    }

    private let source: RequestBody
    /// CRLF, two hyphens and the boundary: what ends a part's contents (RFC 2046, section 5.1.1).
    private let delimiter: [UInt8]
    private var input: [UInt8]
    private var state = State.preamble
    private var partNumber = 0
    private var isReading = false

    /// - Parameter contentType: the value of the request's `Content-Type`.
    /// - Throws: 400 when it is no `multipart/form-data` with a boundary.
    package init(_ body: RequestBody, contentType: String?) throws(HTTPError) {
        guard let contentType, let value = HeaderParameters(contentType), value.value == "multipart/form-data" else {
            throw .malformed("the Content-Type is not multipart/form-data", section: "RFC 7578, section 4")
        }
        guard let boundary = value.parameters["boundary"], (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ ASCII.isAlpha($0) || ASCII.isDigit($0) || "'()+_,-./:=? ".utf8.contains($0) }),
            boundary.utf8.last != ASCII.space
        else {
            throw .malformed("the Content-Type has no valid boundary", section: "RFC 2046, section 5.1.1")
        }
        source = body
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very beginning, without its CRLF.
        input = [ASCII.carriageReturn, ASCII.lineFeed]
    }

    /// Whether a request has such a body.
    package static func isMultipart(_ contentType: String?) -> Bool {
        contentType.flatMap { HeaderParameters($0) }?.value == "multipart/form-data"
    }

    /// The next part, what was left of the one before being skipped; nil after the last one.
    /// - Throws: ``HTTPError``: 400 for what is no form data, 431 for fields or parts beyond the limits.
    package func nextPart() async throws -> MultipartPart? {
        try begin()
        defer { isReading = false }
        var skipped = 0
        while state == .preamble || state == .contents {
            let isPreamble = state == .preamble
            guard let chunk = try await contents() else { break }
            if isPreamble {
                skipped += chunk.count
                guard skipped <= Self.preambleLimit else { throw Self.malformed("there is no first boundary") }
            }
        }
        if state == .betweenParts { try await endDelimiter() }
        if state == .end {
            // What follows the last delimiter is to be ignored (RFC 2046, section 5.1.1).
            while try await source.next() != nil {}
            return nil
        }
        partNumber += 1
        guard partNumber <= Self.partLimit else { throw HTTPError.headTooLarge("there must not be more than \(Self.partLimit) parts") }
        let fields = try await readFields()
        guard let disposition = fields[.contentDisposition].flatMap({ HeaderParameters($0) }), disposition.value == "form-data",
            let name = disposition.parameters["name"]
        else {
            throw HTTPError.malformed("a part has no Content-Disposition: form-data with a name", section: "RFC 7578, section 4.2")
        }
        state = .contents
        let number = partNumber
        let body = RequestBody(length: nil) { [self] in try await nextChunk(of: number) }
        return MultipartPart(name: name, filename: disposition.parameters["filename"], fields: fields, body: body)
    }

    private func nextChunk(of number: Int) async throws -> [UInt8]? {
        guard number == partNumber, state == .contents else { return nil }
        try begin()
        defer { isReading = false }
        return try await contents()
    }

    /// One reader at a time: two would each get a piece of the other's.
    private func begin() throws(HTTPError) {
        guard !isReading else { throw .connectionLost }
        isReading = true
    }

    /// Bytes before the next delimiter; nil when it is reached, which is then taken out of the input.
    private func contents() async throws -> [UInt8]? {
        while true {
            if let found = find(delimiter) {
                guard found > 0 else {
                    input.removeFirst(delimiter.count)
                    state = .betweenParts
                    return nil
                }
                return take(found)
            }
            // The last bytes may be the beginning of a delimiter.
            let safe = input.count - (delimiter.count - 1)
            if safe > 0 { return take(safe) }
            try await fill()
        }
    }

    /// After a delimiter: two hyphens end the body; else white space and CRLF, and a part follows (RFC 2046, section 5.1.1).
    private func endDelimiter() async throws {
        while input.count < 2 { try await fill() }
        if input[0] == 0x2D, input[1] == 0x2D {
            state = .end
            return
        }
        var padding = 0
        while true {
            while input.count < 2 { try await fill() }
            if input[0] == ASCII.carriageReturn, input[1] == ASCII.lineFeed {
                input.removeFirst(2)
                return
            }
            padding += 1
            guard ASCII.isWhitespace(input[0]), padding <= 256 else { throw Self.malformed("a boundary line does not end with CRLF") }
            input.removeFirst()
        }
    }

    private func readFields() async throws -> HTTPFields {
        var fields = HTTPFields()
        var size = 0
        while true {
            let end = try await lineEnd(limit: Self.headLimit - size)
            let line = take(end)
            input.removeFirst(2)
            size += end + 2
            if line.isEmpty { return fields }
            fields.append(try FieldLine.parse(line))
        }
    }

    private func lineEnd(limit: Int) async throws -> Int {
        while true {
            if let found = find([ASCII.carriageReturn, ASCII.lineFeed]), found <= limit { return found }
            guard input.count <= limit + 1 else {
                throw HTTPError.headTooLarge("a part's fields must not be larger than \(Self.headLimit) bytes")
            }
            try await fill()
        }
    }

    private func fill() async throws {
        guard let chunk = try await source.next() else { throw Self.malformed("the body ends before the last boundary") }
        input += chunk
    }

    private func take(_ count: Int) -> [UInt8] {
        let taken = Array(input[..<count])
        input.removeFirst(count)
        return taken
    }

    /// Where `pattern`, which begins with CR, first stands in the input.
    private func find(_ pattern: [UInt8]) -> Int? {
        input.withUnsafeBytes { input in
            pattern.withUnsafeBytes { pattern in
                guard let base = input.baseAddress else { return nil }
                var start = 0
                while input.count - start >= pattern.count {
                    // Nearly every byte of a file is passed over here.
                    guard let next = memchr(base + start, Int32(ASCII.carriageReturn), input.count - pattern.count + 1 - start) else {
                        return nil
                    }
                    start = UnsafeRawPointer(next) - base
                    if memcmp(next, pattern.baseAddress!, pattern.count) == 0 { return start }
                    start += 1
                }
                return nil
            }
        }
    }

    private static func malformed(_ detail: String) -> HTTPError {
        .malformed(detail, section: "RFC 2046, section 5.1.1")
    }
}
