import Documents
import Engine
import Foundation
import Testing

/// Conditional networks that people have published, against what diffusers makes of them; made by
/// Tests/Fixtures/make_published_condition_golden.py.
@Suite struct UNet2DConditionPublishedConfigurationTests {
    struct Model: Sendable, CustomTestStringConvertible {
        let number: Int
        let config: JSON
        let golden: Golden

        var testDescription: String { "conditional network \(number)" }

        /// The configuration for a map of a given side.
        func config(side: Int) -> Data { Data(config.replacing(["sample_size": .integer(side)]).compact.utf8) }
    }

    struct Golden: Decodable {
        /// The key by which it is refused: the network is told more than the service knows of.
        let refused: String?
        let parameters: Int?
        let side: Int?
        let largest: Float?
        let numbers: [Float]?
    }

    private struct File: Decodable {
        let seed: Int
        let tokens: Int
        let models: [UNet2DConditionPublishedConfigurationTests.Golden]
    }

    private static let file = try? JSONDecoder().decode(File.self, from: EngineTests.Golden.data("published/condition_golden.json"))

    static let models: [Model] = {
        guard let text = try? EngineTests.Golden.data("published/condition_configs.json"),
            case .array(let entries)? = try? JSON(parsing: text), let file
        else { return [] }
        return zip(entries, file.models).enumerated().map { number, pair in
            Model(number: number, config: pair.0["config"] ?? .null, golden: pair.1)
        }
    }()

    @Test func thereAreEnoughOfThem() { #expect(Self.models.count >= 25) }

    @Test(arguments: models)
    func eachIsTakenOrRefusedByItsKey(model: Model) throws {
        guard let key = model.golden.refused else {
            let made = try UNet2DConditionModel(json: model.config(side: try #require(model.golden.side)), shapes: [:])
            #expect(made.graph.parameterCount == model.golden.parameters)
            return
        }
        let error = #expect(throws: ArchitectureError.self) { try UNet2DConditionModel(json: model.config(side: 64), shapes: [:]) }
        #expect(error.map { "\($0)".contains(key) } == true, "\(error.map { "\($0)" } ?? "none"), not by \(key)")
    }

    /// Some have hundreds of millions of weights to draw: `make published` runs it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["PRUNER_PUBLISHED"] != nil), .serialized, arguments: models)
    func outputsAgreeWithDiffusers(model: Model) throws {
        guard let side = model.golden.side, let largest = model.golden.largest, let numbers = model.golden.numbers else { return }
        let file = try #require(Self.file)
        let network = try UNet2DConditionModel(json: model.config(side: side), shapes: [:]).told(tokens: file.tokens)
        let trained = TrainedModel(initializing: network, seed: file.seed)
        let executor = Executor(graph: network.graph, weights: trained.weights, batch: 1, parallel: Parallel(threads: 2))
        var generator = TorchGenerator(seed: file.seed)
        let shape = executor.sampleShape
        PixelOrder.channelsLast(generator.randn(shape.count), to: executor.sample, batch: 1, shape: shape)
        let tokens = executor.input("encoder_hidden_states")
        for (place, number) in generator.randn(tokens.shape.count).enumerated() { tokens.values[place] = number }
        executor.timesteps[0] = 37
        executor.forward()
        var output = [Float](repeating: 0, count: executor.outputShape.count)
        PixelOrder.channelsFirst(executor.output, to: &output, batch: 1, shape: executor.outputShape)
        #expect(abs(output.reduce(0) { max($0, abs($1)) } - largest) < 1e-4 * largest)
        for (place, number) in numbers.enumerated() {
            #expect(abs(output[place * (output.count - 1) / 15] - number) < 1e-4 * largest, "\(place)")
        }
    }
}
