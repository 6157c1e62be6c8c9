import Documents
import Media

/// Reads one `metadata.jsonl` or `metadata.csv` of Hugging Face's imagefolder as its bytes come: of each line `file_name`, relative to the
/// file's own folder, and `label` and `text` where there are any. What else stands there is passed over.
struct MetadataReader {
    /// How the file is written.
    enum Format {
        /// A JSON object a line.
        case lines
        /// Comma-separated values, whose first line names them.
        case table
    }

    /// One line.
    struct Row: Equatable {
        /// The picture's path in the archive.
        let picture: String
        let line: Int
        let label: PictureLabel?
        /// Nil where it is missing or empty.
        let text: String?
    }

    /// Bytes of one line, or of one record of a table.
    static let longestLine = 64 << 10
    private static let mostValues = 1000

    private let folder: String
    private let format: Format
    private var splitter = LineSplitter(longest: longestLine)
    private var parser = CSVParser(longest: longestLine, mostFields: mostValues)
    private var columns: Columns?
    /// Names of what was found beside `file_name`; a few.
    private(set) var others: Set<String> = []

    private struct Columns {
        let count: Int
        let fileName: Int
        let label: Int?
        let text: Int?
    }

    /// - Parameter path: of the file in the archive.
    init(_ format: Format, path: String) {
        self.format = format
        let names = path.utf8
        folder = String(path[..<(names.lastIndex(of: UInt8(ascii: "/")).map { names.index(after: $0) } ?? path.startIndex)])
    }

    /// Reads on.
    ///
    /// - Returns: the rows that ended.
    mutating func rows(in bytes: some Collection<UInt8>) throws(MetadataError) -> [Row] {
        var rows: [Row] = []
        switch format {
        case .lines:
            let lines: [LineSplitter.Line]
            do throws(LineSplitter.TooLong) { lines = try splitter.lines(in: bytes) } catch {
                throw .longLine(error.line, limit: Self.longestLine)
            }
            for line in lines { if let row = try row(line) { rows.append(row) } }
        case .table:
            let records: [CSVParser.Record]
            do throws(CSVError) { records = try parser.records(in: bytes) } catch { throw .notCSV(error) }
            for record in records { if let row = try row(record) { rows.append(row) } }
        }
        return rows
    }

    /// Ends the file.
    ///
    /// - Returns: the last row, where no line end stood behind it.
    mutating func end() throws(MetadataError) -> Row? {
        switch format {
        case .lines:
            guard let line = splitter.end() else { return nil }
            return try row(line)
        case .table:
            let record: CSVParser.Record?
            do throws(CSVError) { record = try parser.end() } catch { throw .notCSV(error) }
            var row: Row?
            if let record { row = try self.row(record) }
            guard columns != nil else { throw .column("file_name", isMissing: true) }
            return row
        }
    }

    /// Nil for an empty line.
    private mutating func row(_ line: LineSplitter.Line) throws(MetadataError) -> Row? {
        if line.bytes.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { return nil }
        let object: JSON
        do throws(JSONError) { object = try JSON(parsing: line.bytes, maximumValues: Self.mostValues) } catch {
            throw .notJSON(line: line.number, reason: error.description)
        }
        guard case .object(let members) = object else { throw .notJSON(line: line.number, reason: "it is another value") }
        for member in members { notice(member.name) }
        guard case .string(let name)? = object["file_name"] else {
            let found = object["file_name"].map { "\($0.compact.prefix(200)) is no text" }
            throw .fileName(line: line.number, trouble: found ?? "is missing")
        }
        let label: PictureLabel?
        switch object["label"] ?? .null {
        case .null: label = nil
        case .string(let name) where PictureClasses.isName(name): label = .name(name)
        case let value:
            guard let number = value.integer, PictureClasses.isNumber(number) else {
                throw .label(line: line.number, expected: PictureClasses.label, found: value.compact)
            }
            label = .number(number)
        }
        let text: String?
        switch object["text"] ?? .null {
        case .null: text = nil
        case .string(let found): text = found
        case let value: throw .text(line: line.number, found: value.compact)
        }
        return try row(name, line.number, label, text)
    }

    /// Nil for the first one, which names the columns.
    private mutating func row(_ record: CSVParser.Record) throws(MetadataError) -> Row? {
        guard let columns else {
            columns = try Self.columns(record.fields)
            for name in record.fields { notice(name) }
            return nil
        }
        guard record.fields.count == columns.count else {
            throw .fields(line: record.line, found: record.fields.count, expected: columns.count)
        }
        var label: PictureLabel?
        if let field = columns.label.map({ record.fields[$0] }), !field.isEmpty {
            guard PictureClasses.isName(field) else { throw .label(line: record.line, expected: PictureClasses.label, found: field) }
            label = .field(field)
        }
        return try row(record.fields[columns.fileName], record.line, label, columns.text.map { record.fields[$0] })
    }

    private static func columns(_ names: [String]) throws(MetadataError) -> Columns {
        for name in ["file_name", "label", "text"] where names.count(where: { $0 == name }) > 1 { throw .column(name, isMissing: false) }
        guard let fileName = names.firstIndex(of: "file_name") else { throw .column("file_name", isMissing: true) }
        return Columns(count: names.count, fileName: fileName, label: names.firstIndex(of: "label"), text: names.firstIndex(of: "text"))
    }

    private func row(_ name: String, _ line: Int, _ label: PictureLabel?, _ text: String?) throws(MetadataError) -> Row {
        if let text, text.utf8.contains(0) { throw .text(line: line, found: "one with them") }
        let path: String
        do throws(ArchiveError) { path = try ArchivePath.normalized(Array(name.utf8)) } catch {
            throw .fileName(line: line, trouble: "\"\(name.prefix(200))\" is no path within the archive")
        }
        guard !path.isEmpty else { throw .fileName(line: line, trouble: "is empty") }
        return Row(
            picture: folder + path, line: line, label: label, text: text?.isEmpty == true ? nil : text)
    }

    /// For the warning of a file that gives nothing.
    private mutating func notice(_ name: String) {
        guard others.count < 8, !["file_name", "label", "text"].contains(name) else { return }
        others.insert(String(name.prefix(40)))
    }
}
