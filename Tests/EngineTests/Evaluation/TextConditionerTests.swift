import Engine
import Foundation
import Testing

@Suite struct TextConditionerTests {
    private let parallel = Parallel(threads: 2)

    private func conditioner(tokenizer: String = "sd1", encoder: String = "quick") throws -> TextConditioner {
        let folder = "text/encoders/\(encoder)"
        return try TextConditioner(
            tokenizerFiles: TokenizerFixture.files(tokenizer), config: Golden.data("\(folder)/config.json"),
            weights: SafeTensorsReader(path: GoldenFile.url("\(folder)/model.safetensors").path))
    }

    @Test func captionsBecomeWhatTransformersMakesOfThem() throws {
        let conditioner = try conditioner()
        #expect(conditioner.length == 77 && conditioner.width == 24)
        let expected = try #require(try Golden.tensors("text/encoders/quick/golden.safetensors")["output"]).values
        let captions = ["", "a photo of a cat", String(repeating: "x", count: 300)]
        #expect(relativeError(try conditioner.embeddings(of: captions, parallel: parallel), expected) < 1e-5)
    }

    /// In parts of whatever size memory allows, and beside whatever other captions.
    @Test func anEmbeddingIsTheCaptionsAlone() throws {
        let conditioner = try conditioner()
        let captions = (0..<37).map { "photo number \($0 % 20)" }
        let whole = try conditioner.embeddings(of: captions, parallel: parallel)
        let count = conditioner.count
        #expect(whole.count == 37 * count)
        #expect(relativeError(Array(whole[..<count]), Array(whole[(20 * count)..<(21 * count)])) < 1e-6)

        let memory = conditioner.plan(captions: 3, memory: .max, parallel: parallel).bytes
        #expect(conditioner.plan(captions: 37, memory: memory, parallel: parallel).parts > 3)
        #expect(relativeError(try conditioner.embeddings(of: captions, memory: memory, parallel: parallel), whole) < 1e-6)
        let alone = try conditioner.embeddings(of: [captions[5]], memory: 0, parallel: Parallel(threads: 1))
        #expect(relativeError(alone, Array(whole[(5 * count)..<(6 * count)])) < 1e-6)
        var places: [Int] = []
        try conditioner.embed(captions, memory: memory, parallel: parallel) { place, embedding in
            places.append(place)
            #expect(embedding.count == count)
        }
        #expect(places == Array(captions.indices))
        #expect(try conditioner.embeddings(of: [], parallel: parallel).isEmpty)
    }

    /// A job that was interrupted goes on in the middle of a batch, or with fewer captions than would have been a batch.
    @Test func anEmbeddingIsTheSameToTheLastBitWhereverOneBegins() throws {
        let conditioner = try conditioner()
        let captions = (0..<37).map { "photo number \($0)" }
        let whole = try conditioner.embeddings(of: captions, parallel: parallel)
        for first in [1, 9, 15, 16, 22, 30, 36, 37] {
            var places: [Int] = []
            try conditioner.embed(captions, from: first, parallel: parallel) { place, embedding in
                places.append(place)
                let isSame = embedding.elementsEqual(whole[(place * conditioner.count)..<((place + 1) * conditioner.count)])
                #expect(isSame, "\(place) from \(first)")
            }
            #expect(places == Array(first..<37))
        }
    }

    @Test func aTokenizerOfAnotherVocabularyIsRefused() throws {
        do {
            _ = try conditioner(tokenizer: "added")
            Issue.record("taken")
        } catch {
            #expect(
                "\(error)" == "the tokenizer has ids up to 817, the text_encoder's vocab_size is 814: they are not of one pipeline")
        }
    }

    @Test func whatIsWrongIsNamedWithItsFolder() throws {
        let config = try Golden.data("text/encoders/quick/config.json")
        let weights = try SafeTensorsReader(path: GoldenFile.url("text/encoders/whole/model.safetensors").path)
        let files = try TokenizerFixture.files("sd1")
        func refusal(_ files: [String: Data], _ config: Data) -> String {
            do throws(TextConditionerError) {
                _ = try TextConditioner(tokenizerFiles: files, config: config, weights: weights)
                return "taken"
            } catch { return "\(error)" }
        }
        #expect(refusal([:], config) == "tokenizer: vocab.json or tokenizer.json is missing")
        #expect(refusal(files, Data("[]".utf8)) == "text_encoder: config.json: not a JSON object: expected an object, found []")
        let found = refusal(files, config)
        #expect(
            found.hasPrefix(
                "text_encoder: the weights do not fit the configuration: tensor text_model.embeddings.token_embedding.weight has shape [40, 12], expected [814, 24]"
            ), "\(found)")
    }

    @Test func numbersThatAreNotFiniteAreRefused() throws {
        struct Damaged: TensorSource {
            let source: SafeTensorsReader
            var tensors: [TensorEntry] { source.tensors }
            var notes: [Warning] { [] }
            func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
                try source.read(name, into: destination)
                if name == "final_layer_norm.bias" { destination[3] = .nan }
            }
            func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws { try source.stream(name, take) }
        }
        let folder = "text/encoders/quick"
        let source = try SafeTensorsReader(path: GoldenFile.url("\(folder)/model.safetensors").path)
        let conditioner = try TextConditioner(
            tokenizerFiles: TokenizerFixture.files("sd1"), config: Golden.data("\(folder)/config.json"), weights: Damaged(source: source))
        #expect(throws: TextConditionerError.encoder(.notFinite(tensor: "final_layer_norm.bias"))) {
            try conditioner.embeddings(of: ["a"], parallel: parallel)
        }
    }
}
