/// Why files are not a tokenizer that captions can go through. Descriptions are safe to show to whoever sent the files.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// A file that every tokenizer has is not there.
    case missingFile(expected: String)
    /// A file is larger than any tokenizer's.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// A file is no JSON object; what is wrong with it.
    case notJSON(path: String, trouble: String)
    /// A key or a line has another form, is out of range, or asks for what is not supported.
    case invalid(path: String, place: String, expected: String, found: String)

    /// What is wrong, naming the file and the key or line.
    public var description: String {
        switch self {
        case .missingFile(let expected): "\(expected) is missing"
        case .tooLarge(let path, let bytes, let limit): "\(path) has \(bytes) bytes, at most \(limit) are read"
        case .notJSON(let path, let trouble): "\(path): not a JSON object: \(trouble)"
        case .invalid(let path, let place, let expected, let found): "\(path): \(place) is \(found), expected \(expected)"
        }
    }
}
