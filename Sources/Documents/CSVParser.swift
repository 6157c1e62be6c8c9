/// Comma-separated values (RFC 4180), read as their bytes come, a record at a time: memory does not grow with the file.
///
/// Fields in quotes may hold commas, line ends and doubled quotes. Lines end with CRLF, LF or CR, the last one may have no end; a byte order
/// mark is passed over, as are empty lines. A quote within a field that began without one is that character, as Python's and pandas' readers
/// take it. How many fields a record has is its reader's to check.
public struct CSVParser {
    /// One record.
    public struct Record: Equatable {
        /// The line on which it begins, from 1 on.
        public let line: Int
        /// Its fields, without quotes.
        public let fields: [String]
    }

    private enum State {
        case beforeField, plain, quoted, afterQuote
    }

    private let longest: Int
    private let mostFields: Int
    private var state = State.beforeField
    private var field: [UInt8] = []
    private var fields: [String] = []
    /// Bytes of this record so far.
    private var size = 0
    private var line = 1
    private var firstLine = 1
    /// Whether the last byte was a carriage return, with which a line feed is one line's end.
    private var followsReturn = false
    /// Whether this record had a quote: one that is empty in quotes is no empty line.
    private var isQuoted = false
    /// How much of a byte order mark has come; nil when none can come any more.
    private var mark: Int? = 0

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Parameters:
    ///   - longest: bytes that a record may have.
    ///   - mostFields: fields that it may have.
    public init(longest: Int = 64 << 10, mostFields: Int = 1000) {
        self.longest = longest
        self.mostFields = mostFields
    }

    /// Reads on.
    ///
    /// - Returns: the records that ended.
    public mutating func records(in bytes: some Sequence<UInt8>) throws(CSVError) -> [Record] {
        var records: [Record] = []
        for byte in bytes {
            if let seen = mark {
                mark = nil
                if byte == Self.byteOrderMark[seen] {
                    if seen < 2 { mark = seen + 1 }
                    continue
                }
                for byte in Self.byteOrderMark.prefix(seen) { _ = try take(byte) }
            }
            if let record = try take(byte) { records.append(record) }
        }
        return records
    }

    /// Ends the text.
    ///
    /// - Returns: the last record, where no line end stood behind it.
    public mutating func end() throws(CSVError) -> Record? {
        if let seen = mark {
            mark = nil
            for byte in Self.byteOrderMark.prefix(seen) { _ = try take(byte) }
        }
        guard state != .quoted else { throw CSVError(trouble: "a quote that is not closed", line: firstLine) }
        return try endRecord()
    }

    private mutating func take(_ byte: UInt8) throws(CSVError) -> Record? {
        let isPaired = followsReturn && byte == UInt8(ascii: "\n")
        followsReturn = byte == UInt8(ascii: "\r")
        if !isPaired, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { line += 1 }
        guard state == .quoted || !isPaired else {
            firstLine = line
            return nil
        }
        size += 1
        guard size <= longest else { throw CSVError(trouble: "a record of more than \(longest) bytes", line: firstLine) }
        switch (state, byte) {
        case (.quoted, UInt8(ascii: "\"")): state = .afterQuote
        case (.quoted, _): field.append(byte)
        case (.afterQuote, UInt8(ascii: "\"")):
            field.append(byte)
            state = .quoted
        case (.beforeField, UInt8(ascii: "\"")):
            state = .quoted
            isQuoted = true
        case (_, UInt8(ascii: ",")): try endField()
        case (_, UInt8(ascii: "\n")), (_, UInt8(ascii: "\r")):
            // The line's end has been counted.
            line -= 1
            let record = try endRecord()
            line += 1
            firstLine = line
            return record
        case (.afterQuote, _): throw CSVError(trouble: "text behind a closing quote", line: line)
        default:
            field.append(byte)
            state = .plain
        }
        return nil
    }

    private mutating func endField() throws(CSVError) {
        guard let text = String(validating: field, as: UTF8.self) else { throw CSVError(trouble: "text that is not UTF-8", line: line) }
        guard fields.count < mostFields else { throw CSVError(trouble: "a record of more than \(mostFields) fields", line: line) }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        state = .beforeField
    }

    private mutating func endRecord() throws(CSVError) -> Record? {
        defer {
            fields = []
            size = 0
            isQuoted = false
        }
        if fields.isEmpty, field.isEmpty, !isQuoted { return nil }
        try endField()
        return Record(line: firstLine, fields: fields)
    }
}
