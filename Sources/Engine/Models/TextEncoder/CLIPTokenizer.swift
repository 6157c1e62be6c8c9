import Foundation

/// CLIP's tokenizer: captions become ids as transformers' `CLIPTokenizer` makes them (`padding="max_length"`, `truncation=True`).
///
/// A caption takes time in proportion to its length, whatever is in it; one word of n bytes n log n.
public struct CLIPTokenizer: Sendable {
    /// Ids of every caption, start, end and padding included: 77.
    public let length: Int
    /// What a caption begins with.
    public let startID: Int
    /// What it ends with.
    public let endID: Int
    /// What fills it up to ``length``: the end again (Stable Diffusion 1) or another (2).
    public let paddingID: Int
    /// The largest id that there is: an embedding needs one row more.
    public let largestID: Int

    private let encoder: BytePairEncoder
    /// Tokens that are looked for in the text as it came, and in the normalised text.
    private var (plain, normalized) = (TokenTrie(), TokenTrie())

    /// The files that are read of a tokenizer's folder, where they are there; others change nothing.
    public static let fileNames = [
        TokenizerFiles.Name.whole, TokenizerFiles.Name.vocabulary, TokenizerFiles.Name.merges, TokenizerFiles.Name.settings,
        TokenizerFiles.Name.specialTokens, TokenizerFiles.Name.addedTokens,
    ]

    /// Reads a tokenizer's folder.
    ///
    /// - Parameters:
    ///   - files: by their names; `tokenizer.json`, or `vocab.json` and `merges.txt`, must be among them. Those not in ``fileNames`` are ignored.
    ///   - positions: the most ids that the text encoder takes.
    /// - Throws: ``TokenizerError`` naming the file and the key or line.
    public init(files: [String: Data], positions: Int = 77) throws(TokenizerError) {
        let files = TokenizerFiles(files)
        let whole = try files.object(TokenizerFiles.Name.whole, limit: TokenizerFiles.Limits.vocabularyBytes)
        let settings = try TokenizerSettings(files, whole: whole)
        let vocabulary = try TokenizerVocabulary(files, whole: whole)
        let length = settings.length ?? min(77, positions)
        guard (2...max(2, positions)).contains(length) else {
            throw .invalid(
                path: TokenizerFiles.Name.settings, place: "model_max_length",
                expected: "at most the text encoder's max_position_embeddings, \(positions)", found: "\(length)")
        }
        self.length = length
        encoder = try BytePairEncoder(vocabulary, unknown: settings.unknown.content)

        var ids: [[UInt8]: Int32] = [:]
        var largest = vocabulary.ids.values.max() ?? 0
        var next = Int32(vocabulary.ids.count)
        for token in settings.tokens {
            let content = token.bytes
            guard ids[content] == nil else { continue }
            let id = vocabulary.ids[content] ?? next
            if id >= next { next = id + 1 }
            largest = max(largest, id)
            ids[content] = id
        }
        // Of two with one content the later says how it is looked for.
        let last = Dictionary(settings.tokens.map { ($0.bytes, $0) }) { _, later in later }
        for (content, token) in last.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard let id = ids[content] else { continue }
            if token.isNormalized {
                normalized.insert(CaptionText.normalized(token.content.unicodeScalars), id: id)
            } else {
                plain.insert(Array(token.content.unicodeScalars), id: id)
            }
        }
        func id(_ token: AddedToken) -> Int { Int(ids[token.bytes] ?? 0) }
        (startID, endID, paddingID) = (id(settings.start), id(settings.end), id(settings.padding))
        largestID = Int(largest)
    }

    /// A caption's ``length`` ids. A caption that has more is cut; the empty one is start, end and padding.
    public func ids(of caption: String) -> [Int] {
        var ids: [Int32] = []
        let room = length - 2
        var bytes: [UInt8] = []
        func word(_ word: ArraySlice<Unicode.Scalar>) -> Bool {
            bytes.removeAll(keepingCapacity: true)
            for scalar in word { if let units = UTF8.encode(scalar) { bytes.append(contentsOf: units) } }
            encoder.encode(bytes, into: &ids)
            return ids.count < room
        }
        func found(_ id: Int32) -> Bool {
            ids.append(id)
            return ids.count < room
        }
        if room > 0 {
            _ = plain.split(
                Array(caption.unicodeScalars),
                between: { part in
                    normalized.split(
                        CaptionText.normalized(part), between: { CaptionText.forEachWord($0, word) }, found: found)
                }, found: found)
        }
        let kept = ids.prefix(room).map(Int.init)
        return [startID] + kept + [endID] + [Int](repeating: paddingID, count: room - kept.count)
    }
}
