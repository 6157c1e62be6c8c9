import Documents

/// A token that is found in a text before that is split into words.
struct AddedToken {
    let content: String
    /// Whether it is looked for in the normalised text, itself normalised.
    let isNormalized: Bool

    private typealias Limits = TokenizerFiles.Limits

    /// What tells it apart.
    var bytes: [UInt8] { Array(content.utf8) }

    init(content: String, isNormalized: Bool) {
        self.content = content
        self.isNormalized = isNormalized
    }

    /// A text, or an object with its `content`. What is said of white space beside it (`lstrip`, `rstrip`) changes no ids, as that has none.
    ///
    /// - Parameter isSpecial: whether it is, where the object does not say so; then it is looked for in the text as it came.
    init(_ value: JSON, _ path: String, _ key: String, isSpecial: Bool) throws(TokenizerError) {
        var content = value
        var isNormalized = false
        if case .object = value {
            content = value["content"] ?? .null
            guard value["single_word"] != .bool(true) else {
                throw TokenizerFiles.invalid(path, "\(key).single_word", "false (not supported)", .bool(true))
            }
            isNormalized = value["normalized"].map { $0 == .bool(true) } ?? !(isSpecial || value["special"] == .bool(true))
        }
        guard case .string(let text) = content, (1...Limits.addedTokenBytes).contains(text.utf8.count) else {
            throw TokenizerFiles.invalid(path, key, "a token of 1 to \(Limits.addedTokenBytes) bytes", value)
        }
        self.init(content: text, isNormalized: isNormalized)
    }

    /// A list of tokens, or an object's values.
    static func list(_ value: JSON?, _ path: String, _ key: String, isSpecial: Bool) throws(TokenizerError) -> [AddedToken] {
        let values: [JSON]
        switch value ?? .null {
        case .null: return []
        case .array(let list): values = list
        case .object(let members): values = members.map(\.value)
        default: throw TokenizerFiles.invalid(path, key, "a list of tokens", value ?? .null)
        }
        try check(count: values.count, path, key)
        var tokens: [AddedToken] = []
        for (index, value) in values.enumerated() {
            tokens.append(try AddedToken(value, path, "\(key)[\(index)]", isSpecial: isSpecial))
        }
        return tokens
    }

    /// Tokens by their ids: an object with an id for each name, `added_tokens_decoder`.
    static func byID(_ value: JSON, _ path: String, _ key: String) throws(TokenizerError) -> [Int: AddedToken] {
        guard case .object(let members) = value else { throw TokenizerFiles.invalid(path, key, "an object of tokens", value) }
        try check(count: members.count, path, key)
        var tokens: [Int: AddedToken] = [:]
        for member in members {
            let id = try id(Int(member.name), path, key, .string(member.name))
            tokens[id] = try AddedToken(member.value, path, "\(key).\(id)", isSpecial: false)
        }
        return tokens
    }

    /// A list of objects with their `id`, `added_tokens` of `tokenizer.json`.
    static func withID(_ value: JSON, _ path: String, _ key: String) throws(TokenizerError) -> [Int: AddedToken] {
        guard case .array(let values) = value else { throw TokenizerFiles.invalid(path, key, "a list of tokens", value) }
        try check(count: values.count, path, key)
        var tokens: [Int: AddedToken] = [:]
        for (index, value) in values.enumerated() {
            let id = try id(value["id"]?.integer, path, "\(key)[\(index)].id", value["id"] ?? .null)
            tokens[id] = try AddedToken(value, path, "\(key)[\(index)]", isSpecial: false)
        }
        return tokens
    }

    /// An object with the id of each token, `added_tokens.json`.
    ///
    /// - Parameter special: the bytes of those that are looked for in the text as it came.
    static func withIDs(_ value: JSON, _ path: String, special: Set<[UInt8]>) throws(TokenizerError) -> [Int: AddedToken] {
        guard case .object(let members) = value else { return [:] }
        try check(count: members.count, path, "the document")
        var tokens: [Int: AddedToken] = [:]
        for member in members {
            let token = try AddedToken(.string(member.name), path, "a name", isSpecial: true)
            let id = try id(member.value.integer, path, TokenizerFiles.shown(.string(member.name)), member.value)
            tokens[id] = AddedToken(content: token.content, isNormalized: !special.contains(token.bytes))
        }
        return tokens
    }

    private static func check(count: Int, _ path: String, _ key: String) throws(TokenizerError) {
        guard count <= Limits.addedTokens else {
            throw .invalid(path: path, place: key, expected: "at most \(Limits.addedTokens) tokens", found: "\(count)")
        }
    }

    private static func id(_ id: Int?, _ path: String, _ place: String, _ found: JSON) throws(TokenizerError) -> Int {
        guard let id, (0..<Limits.tokens).contains(id) else {
            throw TokenizerFiles.invalid(path, place, "an id from 0 to \(Limits.tokens - 1)", found)
        }
        return id
    }
}
