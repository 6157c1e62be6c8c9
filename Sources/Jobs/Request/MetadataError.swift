import Documents

/// Why labels and captions of pictures are refused. Each is the rest of a sentence that begins with the file's path.
package enum MetadataError: Error, Equatable {
    /// All such files of an archive have more bytes together.
    case tooLarge(limit: Int)
    /// A line has more bytes than are read of one.
    case longLine(Int, limit: Int)
    /// A line is no JSON object.
    case notJSON(line: Int, reason: String)
    /// The table cannot be told apart into records.
    case notCSV(CSVError)
    /// The table's first line has a name twice, or not at all.
    case column(String, isMissing: Bool)
    /// A line has more or fewer fields than the first.
    case fields(line: Int, found: Int, expected: Int)
    /// A line's `file_name` is missing, or no path within the archive; the rest of a sentence.
    case fileName(line: Int, trouble: String)
    /// A line tells of a picture that an earlier one has told of.
    case twice(line: Int, picture: String)
    /// A line tells of what is not in the archive.
    case unknown(line: Int, file: String)
    /// A line's label is neither a text nor a whole number that a class may have.
    case label(line: Int, expected: String, found: String)
    /// A line's caption is no text.
    case text(line: Int, found: String)
    /// Some labels are numbers, others are texts.
    case mixedLabels(number: Int, name: String)
    /// There are labels, but not of this picture; so many have none.
    case unlabelled(picture: String, count: Int)
    /// More names of classes than there may be.
    case tooManyClasses(limit: Int)
}

extension MetadataError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let limit): "makes the archive's metadata larger than \(limit >> 20) MiB"
        case .longLine(let line, let limit): "line \(line) has more than \(limit) bytes"
        case .notJSON(let line, let reason): "line \(line) is no JSON object: \(reason)"
        case .notCSV(let error): "is no CSV: \(error)"
        case .column(let name, true): "has no column \(name): its first line names the columns, with commas between them"
        case .column(let name, false): "has more than one column \(name)"
        case .fields(let line, let found, let expected): "line \(line) has \(found) fields, the first line has \(expected)"
        case .fileName(let line, let trouble): "line \(line): file_name \(trouble)"
        case .twice(let line, let picture): "line \(line): \(picture) was told of before"
        case .unknown(let line, let file):
            "line \(line): \(file) is not in the archive; file_name is relative to the folder that the metadata lies in"
        case .label(let line, let expected, let found): "line \(line): label must be \(expected), not \(found.prefix(200))"
        case .text(let line, let found): "line \(line): text must be a text without zero bytes, not \(found.prefix(200))"
        case .mixedLabels(let number, let name):
            "has labels that are numbers (\(number)) and others that are texts (\"\(name.prefix(200))\"): make them all of one kind"
        case .unlabelled(let picture, let count):
            "has labels, but none of \(picture)\(count > 1 ? " and \(count - 1) more" : ""): each picture needs one"
        case .tooManyClasses(let limit): "has more than \(limit) classes"
        }
    }
}
