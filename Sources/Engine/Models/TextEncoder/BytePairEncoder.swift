/// Byte-pair encoding of a word (Sennrich et al., arXiv 1508.07909) over bytes, as GPT-2 has it: each byte is a token first, the last of a word
/// one of its own (`a</w>`), and then neighbours become one as long as there is a merge for any two, the first in rank first.
///
/// Takes n log n steps for n bytes.
struct BytePairEncoder: Sendable {
    /// The token of each byte within a word.
    private let inner: [Int32]
    /// The token of each byte at a word's end.
    private let last: [Int32]
    private let merges: [UInt64: TokenizerVocabulary.Merge]

    /// - Parameters:
    ///   - unknown: the token that stands for bytes of which the vocabulary has none.
    /// - Throws: ``TokenizerError/invalid(path:place:expected:found:)`` where the vocabulary has neither every byte nor that token.
    init(_ vocabulary: TokenizerVocabulary, unknown: String) throws(TokenizerError) {
        let fallback = vocabulary.ids[Array(unknown.utf8)]
        let end = Array("</w>".utf8)
        var (inner, last): ([Int32], [Int32]) = ([], [])
        for letter in Self.letters {
            let letter = Array(String(letter).utf8)
            guard let within = vocabulary.ids[letter] ?? fallback, let atEnd = vocabulary.ids[letter + end] ?? fallback else {
                let missing = String(decoding: vocabulary.ids[letter] == nil ? letter : letter + end, as: UTF8.self)
                throw .invalid(
                    path: vocabulary.path, place: "the vocabulary",
                    expected: "a token for every byte, or the unknown token \(unknown.prefix(40))", found: "without \(missing)")
            }
            inner.append(within)
            last.append(atEnd)
        }
        (self.inner, self.last) = (inner, last)
        merges = vocabulary.merges
    }

    /// The letter that stands for each byte in a vocabulary, so that it is a text: itself where it can be seen, else one from U+0100 on.
    static let letters: [Unicode.Scalar] = {
        var others: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            if (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte), let seen = Unicode.Scalar(byte) {
                return seen
            }
            defer { others += 1 }
            return Unicode.Scalar(others) ?? "?"
        }
    }()

    private struct Symbol {
        var id: Int32
        var previous: Int32
        var next: Int32
        var isGone = false
    }

    /// Appends the tokens of a word's bytes.
    func encode(_ word: [UInt8], into ids: inout [Int32]) {
        guard let end = word.last else { return }
        guard word.count > 1 else { return ids.append(last[Int(end)]) }
        var symbols: [Symbol] = []
        symbols.reserveCapacity(word.count)
        for (place, byte) in word.enumerated() {
            let isLast = place == word.count - 1
            symbols.append(
                Symbol(id: isLast ? last[Int(byte)] : inner[Int(byte)], previous: Int32(place) - 1, next: isLast ? -1 : Int32(place) + 1))
        }
        var queue = MergeQueue()
        func merge(at position: Int32) -> TokenizerVocabulary.Merge? {
            let left = symbols[Int(position)]
            guard left.next >= 0 else { return nil }
            return merges[TokenizerVocabulary.pair(left.id, symbols[Int(left.next)].id)]
        }
        func offer(_ position: Int32) {
            guard position >= 0, let merge = merge(at: position) else { return }
            queue.push(MergeQueue.Entry(rank: merge.rank, position: position, id: merge.id))
        }
        for position in symbols.indices { offer(Int32(position)) }
        while let entry = queue.pop() {
            let position = Int(entry.position)
            // What was offered may have become part of something else.
            guard !symbols[position].isGone, merge(at: entry.position)?.id == entry.id else { continue }
            let right = Int(symbols[position].next)
            symbols[position].id = entry.id
            symbols[position].next = symbols[right].next
            symbols[right].isGone = true
            if symbols[right].next >= 0 { symbols[Int(symbols[right].next)].previous = entry.position }
            offer(symbols[position].previous)
            offer(entry.position)
        }
        for symbol in symbols where !symbol.isGone { ids.append(symbol.id) }
    }
}
