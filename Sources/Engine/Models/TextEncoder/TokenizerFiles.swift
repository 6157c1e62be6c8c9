import Documents
import Foundation

/// The files of a tokenizer's folder, by their names and within bounds.
struct TokenizerFiles {
    private let files: [String: Data]

    /// Beyond every published tokenizer by an order of magnitude.
    enum Limits {
        /// Bytes of a file with a vocabulary or merges, and of one with neither.
        static let (vocabularyBytes, settingsBytes) = (32 << 20, 1 << 20)
        /// Tokens, merges, and one more than the largest id.
        static let tokens = 1_000_000
        /// Values of a document: a token is one, a merge one or three.
        static let values = 2_000_000
        /// Tokens that are looked for before a text is split into words, and the bytes of each.
        static let (addedTokens, addedTokenBytes) = (10_000, 256)
        /// Ids of a caption.
        static let length = 4096
    }

    /// What the files are called in a tokenizer's folder.
    enum Name {
        static let whole = "tokenizer.json"
        static let vocabulary = "vocab.json"
        static let merges = "merges.txt"
        static let settings = "tokenizer_config.json"
        static let specialTokens = "special_tokens_map.json"
        static let addedTokens = "added_tokens.json"
    }

    init(_ files: [String: Data]) { self.files = files }

    /// A file's bytes; nil where there is none.
    func bytes(_ name: String, limit: Int) throws(TokenizerError) -> Data? {
        guard let data = files[name] else { return nil }
        guard data.count <= limit else { throw .tooLarge(path: name, bytes: data.count, limit: limit) }
        return data
    }

    /// A file's JSON object; nil where there is no file.
    func object(_ name: String, limit: Int = Limits.settingsBytes) throws(TokenizerError) -> JSON? {
        guard let data = try bytes(name, limit: limit) else { return nil }
        let document: JSON
        do {
            document = try JSON(parsing: data, maximumValues: Limits.values)
        } catch {
            throw .notJSON(path: name, trouble: error.explained(in: data))
        }
        guard case .object = document else { throw .notJSON(path: name, trouble: "expected an object, found \(Self.shown(document))") }
        return document
    }

    static func invalid(_ path: String, _ place: String, _ expected: String, _ found: JSON) -> TokenizerError {
        .invalid(path: path, place: place, expected: expected, found: shown(found))
    }

    /// A value cut short enough for an error message.
    static func shown(_ value: JSON) -> String {
        let shown: JSON
        switch value {
        case .array(let values): shown = .array(Array(values.prefix(8)))
        case .object(let members): shown = .object(Array(members.prefix(8)))
        default: shown = value
        }
        return ConfigurationReader.shown(shown)
    }
}
