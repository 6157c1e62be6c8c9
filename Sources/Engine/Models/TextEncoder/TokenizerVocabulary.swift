import Documents
import Foundation

/// The tokens that a tokenizer knows and which two of them become one, read from `tokenizer.json` where there is one, as transformers does, else
/// from `vocab.json` and `merges.txt`.
///
/// Tokens are told apart by their bytes: Swift's strings are equal when they look alike.
struct TokenizerVocabulary {
    /// Two tokens that become one.
    struct Merge {
        /// Its place among all merges: the lowest comes first.
        let rank: Int32
        /// The one that they become.
        let id: Int32
    }

    /// The id of every token, by its bytes.
    private(set) var ids: [[UInt8]: Int32] = [:]
    /// By ``pair(_:_:)``.
    private(set) var merges: [UInt64: Merge] = [:]
    /// The file with the tokens, for errors.
    let path: String

    private typealias Limits = TokenizerFiles.Limits
    private typealias Name = TokenizerFiles.Name

    /// - Parameter whole: `tokenizer.json`, where there is one.
    init(_ files: TokenizerFiles, whole: JSON?) throws(TokenizerError) {
        if let document = whole {
            path = Name.whole
            let model = document["model"] ?? .null
            if let type = model["type"], type != .string("BPE") {
                throw .invalid(path: path, place: "model.type", expected: "\"BPE\"", found: TokenizerFiles.shown(type))
            }
            try readTokens(model["vocab"] ?? .null, "model.vocab")
            guard case .array(let merges) = model["merges"] ?? .null else {
                throw .invalid(
                    path: path, place: "model.merges", expected: "an array", found: TokenizerFiles.shown(model["merges"] ?? .null))
            }
            try readMerges(merges)
            return
        }
        path = Name.vocabulary
        guard let tokens = try files.object(Name.vocabulary, limit: Limits.vocabularyBytes) else {
            throw .missingFile(expected: "\(Name.vocabulary) or \(Name.whole)")
        }
        guard let merges = try files.bytes(Name.merges, limit: Limits.vocabularyBytes) else {
            throw .missingFile(expected: Name.merges)
        }
        try readTokens(tokens, nil)
        try readMerges(merges)
    }

    /// The key of two neighbours.
    static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private mutating func readTokens(_ tokens: JSON, _ key: String?) throws(TokenizerError) {
        guard case .object(let members) = tokens, (1...Limits.tokens).contains(members.count) else {
            throw .invalid(
                path: path, place: key ?? "the document", expected: "an object of 1 to \(Limits.tokens) tokens with their ids",
                found: TokenizerFiles.shown(tokens))
        }
        ids.reserveCapacity(members.count)
        for member in members {
            guard let id = member.value.integer, (0..<Limits.tokens).contains(id) else {
                throw .invalid(
                    path: path, place: TokenizerFiles.shown(.string(member.name)),
                    expected: "a whole number from 0 to \(Limits.tokens - 1)", found: TokenizerFiles.shown(member.value))
            }
            ids[Array(member.name.utf8)] = Int32(id)
        }
    }

    /// A merge on each line, its two tokens with one space between; a line of the version is none.
    private mutating func readMerges(_ data: Data) throws(TokenizerError) {
        var lines = Array(data).split(separator: UInt8(ascii: "\n"), maxSplits: Limits.tokens + 1, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        merges.reserveCapacity(min(lines.count, Limits.tokens))
        for (index, line) in lines.enumerated() {
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard !text.starts(with: Array("#version".utf8)) else { continue }
            try addMerge(Self.parts(text), rank: index, "line \(index + 1)", Name.merges)
        }
    }

    /// A merge is a text with one space, or an array of two texts.
    private mutating func readMerges(_ values: [JSON]) throws(TokenizerError) {
        merges.reserveCapacity(min(values.count, Limits.tokens))
        for (index, value) in values.enumerated() {
            var parts: [[UInt8]] = []
            switch value {
            case .string(let text): parts = Self.parts(Array(text.utf8)[...])
            case .array(let texts):
                for case .string(let text) in texts.prefix(3) { parts.append(Array(text.utf8)) }
            default: break
            }
            try addMerge(parts, rank: index, "model.merges[\(index)]", path)
        }
    }

    /// What stands between spaces; of more than two the rest is one.
    private static func parts(_ line: ArraySlice<UInt8>) -> [[UInt8]] {
        line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false).map(Array.init)
    }

    private mutating func addMerge(_ parts: [[UInt8]], rank: Int, _ place: String, _ path: String) throws(TokenizerError) {
        func shown() -> String {
            let text = parts.map { String(decoding: $0.prefix(40), as: UTF8.self) }.joined(separator: " ")
            return TokenizerFiles.shown(.string(text))
        }
        guard parts.count == 2 else {
            throw .invalid(path: path, place: place, expected: "two tokens with one space between", found: shown())
        }
        guard let left = ids[parts[0]], let right = ids[parts[1]], let whole = ids[parts[0] + parts[1]] else {
            throw .invalid(path: path, place: place, expected: "two tokens of \(self.path) that make a third", found: shown())
        }
        guard merges.count < Limits.tokens else {
            throw .invalid(path: path, place: place, expected: "at most \(Limits.tokens) merges", found: "one more")
        }
        merges[Self.pair(left, right)] = Merge(rank: Int32(rank), id: whole)
    }
}
