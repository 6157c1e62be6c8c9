import Documents
import Engine
import Foundation
import Testing

/// Configurations that people have published, against what diffusers makes of them; made by Tests/Fixtures/make_published_golden.py.
@Suite struct PublishedConfigurationTests {
    struct Model: Sendable, CustomTestStringConvertible {
        let number: Int
        let config: JSON
        let scheduler: JSON?
        /// As diffusers has it; nil where it cannot run the network.
        let golden: Golden?

        var testDescription: String { "configuration \(number)" }

        /// The configuration for a map of a given side, where a person would say it beside the files.
        func config(side: Int? = nil) -> Data {
            let isSized = side == nil && config["sample_size"].map { $0 != .null } == true
            return Data((isSized ? config : config.replacing(["sample_size": .integer(side ?? 64)])).compact.utf8)
        }
    }

    struct Golden: Decodable {
        let parameters: Int
        let side: Int
        let timestep: Float
        let largest: Float
        let numbers: [Float]
    }

    private struct File: Decodable {
        struct Entry: Decodable {
            let refused: String?
            let golden: PublishedConfigurationTests.Golden?

            init(from decoder: any Decoder) throws {
                refused = try decoder.container(keyedBy: Key.self).decodeIfPresent(String.self, forKey: .refused)
                golden = refused == nil ? try PublishedConfigurationTests.Golden(from: decoder) : nil
            }

            enum Key: CodingKey { case refused }
        }
        let seed: Int
        let models: [Entry]
    }

    static let models: [Model] = {
        guard let text = try? EngineTests.Golden.data("published/configs.json"), case .array(let entries)? = try? JSON(parsing: text),
            let golden = try? JSONDecoder().decode(File.self, from: EngineTests.Golden.data("published/golden.json"))
        else { return [] }
        return zip(entries, golden.models).enumerated().map { number, pair in
            let scheduler = pair.0["scheduler"]
            return Model(
                number: number, config: pair.0["config"] ?? .null, scheduler: scheduler == .null ? nil : scheduler, golden: pair.1.golden)
        }
    }()

    @Test func thereAreEnoughOfThemAndNineInTenAreTaken() throws {
        let taken = Self.models.filter { (try? UNet2DModel(json: $0.config(), shapes: [:])) != nil }
        #expect(Self.models.count >= 40)
        #expect(taken.count * 10 >= Self.models.count * 9, "\(taken.count) of \(Self.models.count)")
    }

    @Test(arguments: models)
    func whatDiffusersRunsIsTakenAndNothingElse(model: Model) throws {
        guard let golden = model.golden else {
            #expect(throws: ArchitectureError.self) { try UNet2DModel(json: model.config(), shapes: [:]) }
            return
        }
        let made = try UNet2DModel(json: model.config(), shapes: [:])
        #expect(made.graph.parameterCount == golden.parameters)
        let scheduler = model.scheduler.map { Data($0.compact.utf8) }
        #expect(throws: Never.self) { try NoiseSchedule(json: scheduler) }
    }

    /// Some have hundreds of millions of weights to draw: `make published` runs it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["PRUNER_PUBLISHED"] != nil), .serialized, arguments: models)
    func outputsAgreeWithDiffusers(model: Model) throws {
        guard let golden = model.golden else { return }
        let trained = TrainedModel(initializing: try UNet2DModel(json: model.config(side: golden.side), shapes: [:]), seed: 7)
        let executor = Executor(graph: trained.model.graph, weights: trained.weights, batch: 1, parallel: Parallel(threads: 2))
        var generator = TorchGenerator(seed: 7)
        let shape = executor.sampleShape
        PixelOrder.channelsLast(generator.randn(shape.count), to: executor.sample, batch: 1, shape: shape)
        executor.timesteps[0] = golden.timestep
        executor.forward()
        var output = [Float](repeating: 0, count: executor.outputShape.count)
        PixelOrder.channelsFirst(executor.output, to: &output, batch: 1, shape: executor.outputShape)
        let places = (0..<16).map { $0 * (output.count - 1) / 15 }
        let largest = output.reduce(0) { max($0, abs($1)) }
        #expect(abs(largest - golden.largest) < 1e-4 * golden.largest)
        for (place, number) in zip(places, golden.numbers) {
            #expect(abs(output[place] - number) < 1e-4 * golden.largest, "\(place)")
        }
    }
}
