import Documents

/// Which tokens of a tokenizer are special, and how many ids a caption gets: `tokenizer_config.json`, and the files that complete it, merged as
/// transformers merges them.
struct TokenizerSettings {
    /// What a caption begins with.
    let start: AddedToken
    /// What it ends with.
    let end: AddedToken
    /// What fills it up.
    let padding: AddedToken
    /// What stands for bytes that the vocabulary does not have.
    let unknown: AddedToken
    /// The tokens to look for, in the order in which new ones get ids; of two with one content the later counts.
    let tokens: [AddedToken]
    /// `model_max_length`; nil where it is absent, or larger than any.
    let length: Int?

    private typealias Name = TokenizerFiles.Name

    /// The order in which transformers goes through them.
    private static let named = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

    /// - Parameter whole: `tokenizer.json`, where there is one.
    init(_ files: TokenizerFiles, whole: JSON?) throws(TokenizerError) {
        let config = try files.object(Name.settings) ?? .object([])
        length = try Self.length(config)
        var special = try Self.special(config, Name.settings, isSpecial: false)
        var extra = try AddedToken.list(config["extra_special_tokens"], Name.settings, "extra_special_tokens", isSpecial: false)
        if extra.isEmpty {
            let key = "additional_special_tokens"
            extra = try AddedToken.list(config[key], Name.settings, key, isSpecial: false)
        }
        // By the ids that were theirs, which tell their order.
        var added: [Int: AddedToken] = [:]
        if let decoder = config["added_tokens_decoder"] {
            added = try AddedToken.byID(decoder, Name.settings, "added_tokens_decoder")
        } else {
            let map = try files.object(Name.specialTokens) ?? .object([])
            special.merge(try Self.special(map, Name.specialTokens, isSpecial: true)) { _, later in later }
            extra += try AddedToken.list(map["extra_special_tokens"], Name.specialTokens, "extra_special_tokens", isSpecial: true)
            let known = Set((Array(special.values) + extra).map(\.bytes))
            added = try AddedToken.withIDs(try files.object(Name.addedTokens) ?? .null, Name.addedTokens, special: known)
            if let list = whole?["added_tokens"] {
                added.merge(try AddedToken.withID(list, Name.whole, "added_tokens")) { _, later in later }
            }
        }
        for key in ["bos_token", "eos_token", "unk_token", "pad_token"] where special[key] == nil {
            special[key] = AddedToken(content: Self.content(key), isNormalized: false)
        }
        let decoded = added.sorted { $0.key < $1.key }.map(\.value)
        let contents = Set(decoded.map(\.bytes))
        tokens = decoded + (Self.named.compactMap { special[$0] } + extra).filter { !contents.contains($0.bytes) }
        func token(_ key: String) -> AddedToken { special[key] ?? AddedToken(content: Self.content(key), isNormalized: false) }
        (start, end, padding, unknown) = (token("bos_token"), token("eos_token"), token("pad_token"), token("unk_token"))
    }

    /// What a special token is where nothing is said of it.
    private static func content(_ key: String) -> String { key == "bos_token" ? "<|startoftext|>" : "<|endoftext|>" }

    private static func special(_ document: JSON, _ path: String, isSpecial: Bool) throws(TokenizerError) -> [String: AddedToken] {
        var tokens: [String: AddedToken] = [:]
        for key in named {
            guard let value = document[key], value != .null else { continue }
            tokens[key] = try AddedToken(value, path, key, isSpecial: isSpecial)
        }
        return tokens
    }

    /// The length; refuses settings of another class, and those that cut or fill captions from the left.
    private static func length(_ config: JSON) throws(TokenizerError) -> Int? {
        for (key, words) in [
            ("tokenizer_class", ["CLIPTokenizer", "CLIPTokenizerFast"]), ("padding_side", ["right"]), ("truncation_side", ["right"]),
        ] {
            guard let value = config[key], value != .null else { continue }
            guard case .string(let word) = value, words.contains(word) else {
                throw TokenizerFiles.invalid(Name.settings, key, words.map { "\"\($0)\"" }.joined(separator: " or "), value)
            }
        }
        guard let value = config["model_max_length"], value != .null else { return nil }
        // Where nobody set it, transformers writes 10³⁰.
        guard let number = value.double, number >= 2, number == number.rounded() else {
            throw TokenizerFiles.invalid(Name.settings, "model_max_length", "a whole number from 2", value)
        }
        return number > Double(TokenizerFiles.Limits.length) ? nil : Int(number)
    }
}
