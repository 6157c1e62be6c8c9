import Engine
import Foundation
import Testing

/// Byte-pair encoding against a plain twin that looks through the whole word for each merge.
@Suite struct BytePairTests {
    /// A random vocabulary of three letters with many merges, in an order that nothing trained.
    private struct World {
        var vocabulary: [String] = []
        var merges: [(String, String)] = []

        init(_ generator: inout TorchGenerator) {
            // What can be seen stands for itself, the other bytes for letters from U+0100 on: all that matters here is that none is missing.
            let letters = [33...126, 161...172, 174...255, 256...323].joined().compactMap {
                Unicode.Scalar($0).map { String(Character($0)) }
            }
            vocabulary = letters + letters.map { $0 + "</w>" } + ["<|startoftext|>", "<|endoftext|>"]
            var known = Set(vocabulary)
            var pieces = ["a", "b", "c", "a</w>", "b</w>", "c</w>"]
            while merges.count < 40 {
                let pair = generator.randint(below: pieces.count, count: 2)
                let (left, right) = (pieces[pair[0]], pieces[pair[1]])
                guard !left.hasSuffix("</w>"), !merges.contains(where: { $0 == (left, right) }) else { continue }
                merges.append((left, right))
                if known.insert(left + right).inserted {
                    vocabulary.append(left + right)
                    pieces.append(left + right)
                }
            }
        }

        func files() throws -> [String: Data] {
            let ids = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
            return [
                "vocab.json": try JSONSerialization.data(withJSONObject: ids),
                "merges.txt": Data(merges.map { "\($0) \($1)\n" }.joined().utf8),
                "tokenizer_config.json": Data(#"{"model_max_length": 4096}"#.utf8),
            ]
        }

        /// The first merge in rank anywhere, of equals the leftmost, until there is none.
        func tokens(_ word: String) -> [String] {
            var tokens = word.map(String.init)
            tokens[tokens.count - 1] += "</w>"
            while true {
                var best: (rank: Int, place: Int)?
                for place in tokens.indices.dropLast() {
                    guard let rank = merges.firstIndex(where: { $0 == (tokens[place], tokens[place + 1]) }) else { continue }
                    if rank < best?.rank ?? .max { best = (rank, place) }
                }
                guard let best else { return tokens }
                tokens[best.place] += tokens.remove(at: best.place + 1)
            }
        }
    }

    @Test func tokensAreThoseOfThePlainTwin() throws {
        var generator = TorchGenerator(seed: 11)
        for _ in 0..<20 {
            let world = World(&generator)
            let tokenizer = try CLIPTokenizer(files: world.files(), positions: 4096)
            for _ in 0..<20 {
                let length = 1 + generator.randint(below: 60, count: 1)[0]
                let word = String(generator.randint(below: 3, count: length).map { ["a", "b", "c"][$0] as Character })
                let expected = world.tokens(word).compactMap { world.vocabulary.firstIndex(of: $0) }
                #expect(Array(tokenizer.ids(of: word)[1...expected.count]) == expected, "\(word)")
                #expect(tokenizer.ids(of: word)[expected.count + 1] == tokenizer.endID)
            }
        }
    }
}
