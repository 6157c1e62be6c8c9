/// Reads a chunked body (RFC 9112, section 7.1) from bytes as they come. Extensions and trailers are checked and dropped.
struct ChunkedDecoder {
    /// Bytes of chunk extensions in one body; without a limit they would be a body that no body limit sees.
    static let extensionLimit = 16 * 1024
    /// Bytes of trailers.
    static let trailerLimit = 16 * 1024

    private enum State: Equatable {
        case size(digits: Int, value: UInt64)
        case inExtension(UInt64, ChunkExtension)
        case sizeLineFeed(UInt64)
        case data(UInt64)
        case dataCarriageReturn
        case dataLineFeed
        case trailer
        case trailerLineFeed
        case finished
    }

    private var state = State.size(digits: 0, value: 0)
    private var extensionSize = 0
    private var trailerSize = 0
    private var line: [UInt8] = []

    /// Whether the whole body has been read, trailers included.
    var isFinished: Bool { state == .finished }

    /// Reads on, appending the body's own bytes to `body`. Returns how many bytes were read: all of them unless the body ends among them.
    mutating func decode(_ bytes: ArraySlice<UInt8>, into body: inout [UInt8]) throws(HTTPError) -> Int {
        var index = bytes.startIndex
        while index < bytes.endIndex, state != .finished {
            if case .data(let left) = state {
                let count = Int(min(left, UInt64(bytes.endIndex - index)))
                body += bytes[index..<(index + count)]
                index += count
                state = left == UInt64(count) ? .dataCarriageReturn : .data(left - UInt64(count))
            } else {
                state = try step(bytes[index])
                index += 1
            }
        }
        return index - bytes.startIndex
    }

    private mutating func step(_ byte: UInt8) throws(HTTPError) -> State {
        switch state {
        case .size(let digits, let value):
            if let digit = ASCII.hexValue(byte) {
                guard digits < 16 else { throw .malformed("a chunk size has more than 16 digits", section: "RFC 9112, section 7.1") }
                return .size(digits: digits + 1, value: value << 4 | UInt64(digit))
            }
            guard digits > 0 else { throw .malformed("a chunk has no size", section: "RFC 9112, section 7.1") }
            guard value <= UInt64(Int64.max) else { throw .malformed("a chunk size is out of range", section: "RFC 9112, section 7.1") }
            if byte == ASCII.carriageReturn { return .sizeLineFeed(value) }
            return try extended(byte, value, ChunkExtension())
        case .inExtension(let value, let found):
            if byte == ASCII.carriageReturn, found.canEnd { return .sizeLineFeed(value) }
            return try extended(byte, value, found)
        case .sizeLineFeed(let value):
            guard byte == ASCII.lineFeed else { throw .malformed("a chunk size does not end with CRLF", section: "RFC 9112, section 7.1") }
            return value == 0 ? .trailer : .data(value)
        case .dataCarriageReturn:
            guard byte == ASCII.carriageReturn else { throw Self.noLineEnd }
            return .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw Self.noLineEnd }
            return .size(digits: 0, value: 0)
        case .trailer:
            trailerSize += 1
            guard trailerSize <= Self.trailerLimit else {
                throw .headTooLarge("trailers must not be larger than \(Self.trailerLimit) bytes")
            }
            if byte == ASCII.carriageReturn { return .trailerLineFeed }
            guard byte != ASCII.lineFeed else { throw .malformed("a line feed stands alone", section: "RFC 9112, section 2.2") }
            line.append(byte)
            return .trailer
        case .trailerLineFeed:
            guard byte == ASCII.lineFeed else { throw .malformed("a carriage return stands alone", section: "RFC 9112, section 2.2") }
            if line.isEmpty { return .finished }
            _ = try FieldLine.parse(line)
            line.removeAll()
            return .trailer
        case .data, .finished:
            return state
        }
    }

    private mutating func extended(_ byte: UInt8, _ value: UInt64, _ found: ChunkExtension) throws(HTTPError) -> State {
        extensionSize += 1
        guard extensionSize <= Self.extensionLimit else {
            throw .malformed("chunk extensions must not be larger than \(Self.extensionLimit) bytes", section: "RFC 9112, section 7.1.1")
        }
        var found = found
        try found.read(byte)
        return .inExtension(value, found)
    }

    private static let noLineEnd = HTTPError.malformed("a chunk's data is not followed by CRLF", section: "RFC 9112, section 7.1")
}
