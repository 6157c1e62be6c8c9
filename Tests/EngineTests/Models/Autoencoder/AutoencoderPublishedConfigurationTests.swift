import Documents
import Engine
import Foundation
import Testing

/// Autoencoders that people have published, against what diffusers makes of them; made by Tests/Fixtures/make_published_autoencoder_golden.py.
@Suite struct AutoencoderPublishedConfigurationTests {
    struct Model: Sendable, CustomTestStringConvertible {
        let number: Int
        let config: Data
        let golden: Golden

        var testDescription: String { "autoencoder \(number)" }
    }

    struct Golden: Decodable {
        struct Output: Decodable {
            let largest: Float
            let numbers: [Float]
        }
        let parameters: Int
        let encoded: Output
        let decoded: Output
    }

    private struct File: Decodable {
        let seed: Int
        let side: Int
        let models: [AutoencoderPublishedConfigurationTests.Golden]
    }

    static let models: [Model] = {
        guard let text = try? EngineTests.Golden.data("published/autoencoders.json"), case .array(let entries)? = try? JSON(parsing: text),
            let golden = try? JSONDecoder().decode(File.self, from: EngineTests.Golden.data("published/autoencoders_golden.json"))
        else { return [] }
        return zip(entries, golden.models).enumerated().map { number, pair in
            Model(number: number, config: Data((pair.0["config"] ?? .null).compact.utf8), golden: pair.1)
        }
    }()

    @Test func thereAreEnoughOfThem() { #expect(Self.models.count >= 10) }

    @Test(arguments: models)
    func everyOneIsTakenAndHasAsManyParameters(model: Model) throws {
        let made = try AutoencoderModel(AutoencoderConfiguration(json: model.config))
        #expect(made.constructionOrder.reduce(0) { $0 + $1.count } == model.golden.parameters)
        #expect(made.encoder.parameterCount + made.decoder.parameterCount == model.golden.parameters)
    }

    /// Some have a hundred million weights to draw: `make published` runs it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["PRUNER_PUBLISHED"] != nil), .serialized, arguments: models)
    func outputsAgreeWithDiffusers(model: Model) throws {
        let autoencoder = try Autoencoder(config: model.config, initializingFrom: 7)
        if case .codebook(let rows) = autoencoder.configuration.kind, let decoder = autoencoder.decoder {
            let table = try #require(decoder.index(of: "quantize.embedding.weight"))
            decoder.setTorchOrder(table, decoder.torchOrder(table).map { $0 * Float(rows) })
        }
        let side = 4 * autoencoder.configuration.scaleFactor
        let made = try AutoencoderModel(autoencoder.configuration, height: side, width: side)
        var generator = TorchGenerator(seed: 7)
        for (half, weights, golden) in [
            (AutoencoderHalf.encoder, autoencoder.encoder, model.golden.encoded), (.decoder, autoencoder.decoder, model.golden.decoded),
        ] {
            let executor = Executor(
                graph: made.graph(half), weights: try #require(weights), batch: 1, parallel: Parallel(threads: 2))
            let (input, output) = (executor.inputs[0], executor.outputs[0])
            PixelOrder.channelsLast(generator.randn(input.shape.count), to: input.values, batch: 1, shape: input.shape)
            executor.forward()
            var found = [Float](repeating: 0, count: output.shape.count)
            PixelOrder.channelsFirst(output.values, to: &found, batch: 1, shape: output.shape)
            let largest = found.reduce(0) { max($0, abs($1)) }
            #expect(abs(largest - golden.largest) < 1e-4 * golden.largest, "\(half)")
            for (place, number) in golden.numbers.enumerated() {
                #expect(abs(found[place * (found.count - 1) / 15] - number) < 1e-4 * golden.largest, "\(half) \(place)")
            }
        }
    }
}
