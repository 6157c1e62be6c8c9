import Engine
import Foundation
import Testing

@Suite struct SurgeryTests {
    private func prune(
        _ trained: TrainedModel, _ ratio: Double, _ widths: Widths, steps: Int = 1000
    ) throws -> (kept: [[Int]], result: TrainedModel) {
        let selection = Selection(ratio: ratio, widths: widths, blockRules: trained.model.blockRules)
        let kept = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection).map(\.kept)
        return (kept, try trained.pruned(kept: kept, widths: widths, steps: steps))
    }

    private func trained(_ name: String) throws -> TrainedModel {
        let (model, weights) = try Golden.unet(name)
        return TrainedModel(model: model, weights: weights)
    }

    private func output(_ graph: Graph, _ weights: Weights, timesteps: [Float] = [3, 41]) -> [Float] {
        let executor = Executor(graph: graph, weights: weights, batch: timesteps.count, parallel: Parallel(threads: 2))
        var generator = TorchGenerator(seed: 8)
        for (index, number) in generator.randn(timesteps.count * executor.sampleShape.count).enumerated() {
            executor.sample[index] = number
        }
        for (index, timestep) in timesteps.enumerated() { executor.timesteps[index] = timestep }
        if graph.input("class_labels") != nil {
            let labels = executor.input("class_labels")
            for index in 0..<(timesteps.count * labels.shape.count) { labels.values[index] = Float(index % 4) }
        }
        executor.forward()
        return (0..<(timesteps.count * executor.outputShape.count)).map { executor.output[$0] }
    }

    private func shapes(_ parameters: [Parameter]) -> [String: [Int]] {
        Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
    }

    @Test(arguments: UNet2DModelTests.names, [0.3, 0.5, 0.8])
    func aFreelyPrunedModelIsTheCutGraphAndIsReloadedFromItsConfigAndShapes(name: String, ratio: Double) throws {
        let trained = try trained(name)
        let (kept, pruned) = try prune(trained, ratio, .free)
        let cut = try trained.model.graph.cut(kept: kept, weights: trained.weights)
        #expect(cut.graph.parameterCount < trained.model.graph.parameterCount)

        let configuration = try UNet2DConfiguration(json: pruned.model.config)
        #expect(configuration.freeWidths)
        let reloaded = try UNet2DModel(configuration, shapes: shapes(pruned.weights.parameters))
        for graph in [pruned.model.graph, reloaded.graph] {
            #expect(graph.nodes.map(\.name) == cut.graph.nodes.map(\.name))
            #expect(graph.nodes.map(\.inputs) == cut.graph.nodes.map(\.inputs))
            #expect(graph.nodes.map(\.shape) == cut.graph.nodes.map(\.shape))
            #expect(graph.parameters.map(\.shape) == cut.graph.parameters.map(\.shape))
            #expect(graph.multiplyAccumulates == cut.graph.multiplyAccumulates)
            #expect(output(graph, pruned.weights) == output(cut.graph, cut.weights))
        }
    }

    @Test(arguments: [
        ("ddpm", 0.3), ("ddpm", 0.5), ("ddpm", 0.8), ("ldm", 0.3), ("ldm", 0.5), ("ldm", 0.8), ("learned", 0.3), ("learned", 0.5),
        ("scale_shift", 0.3), ("classes", 0.5), ("class_times", 0.5),
    ])
    func aModelOfDiffusersWidthsIsRebuiltFromItsPlainConfig(name: String, ratio: Double) throws {
        let trained = try trained(name)
        // A first layer that reads one channel of the timestep's: then one column of the table says it all, and the refit is exact.
        let readers = ["time_embedding.linear_1.weight", "class_embedding.linear_1.weight"]
        for first in readers.compactMap(trained.weights.index) {
            let columns = trained.weights.parameters[first].shape[1]
            trained.weights.setTorchOrder(first, trained.weights.torchOrder(first).enumerated().map { $0 % columns == 1 ? $1 : 0 })
        }

        // diffusers has a shortcut only between blocks of different widths: where the cut makes them equal there is no place for it.
        let before = try trained.unet.configuration.blockOutChannels
        let selection = Selection(ratio: ratio, widths: .diffusers, blockRules: trained.model.blockRules)
        let after = before.map(selection.blockWidth)
        if before.indices.dropFirst().contains(where: { before[$0] != before[$0 - 1] && after[$0] == after[$0 - 1] }) {
            #expect(throws: WidthsError.self) { try prune(trained, ratio, .diffusers, steps: 50) }
            return
        }
        let (kept, pruned) = try prune(trained, ratio, .diffusers, steps: 50)
        let cut = try trained.model.graph.cut(kept: kept, weights: trained.weights)
        let configuration = try UNet2DConfiguration(json: pruned.model.config)
        #expect(!configuration.freeWidths)
        let rebuilt = try UNet2DModel(configuration)
        #expect(shapes(rebuilt.graph.parameters) == shapes(pruned.weights.parameters))
        let cutShapes = shapes(cut.graph.parameters)
        for parameter in rebuilt.graph.parameters where !(["time_proj.weight"] + readers).contains(parameter.name) {
            #expect(cutShapes[parameter.name] == parameter.shape, "\(parameter.name)")
            let (a, b) = (pruned.weights.index(of: parameter.name), cut.weights.index(of: parameter.name))
            #expect(pruned.weights.torchOrder(try #require(a)) == cut.weights.torchOrder(try #require(b)), "\(parameter.name)")
        }
        let refitted: Set = ["time_proj.weight"]
        #expect(
            Set(cutShapes.keys)
                == Set(rebuilt.graph.parameters.map(\.name)).subtracting(cutShapes["time_proj.weight"] == nil ? refitted : []))
        #expect(relativeError(output(rebuilt.graph, pruned.weights), output(cut.graph, cut.weights)) < 2e-5)
    }

    @Test(arguments: UNet2DModelTests.names)
    func everyWeightOfACutModelIsTheOneItWasCutFrom(name: String) throws {
        let trained = try trained(name)
        let groups = trained.model.graph.channelGroups()
        let (kept, pruned) = try prune(trained, 0.5, .free)
        var indices: [String: [Int: [Int]]] = [:]
        for (group, kept) in zip(groups, kept) {
            for member in group.members {
                indices[member.parameter, default: [:]][member.axis, default: []] += kept.map { $0 + member.offset }
            }
        }
        for (index, parameter) in pruned.weights.parameters.enumerated() {
            let source = try #require(trained.weights.index(of: parameter.name))
            let axes = (indices[parameter.name] ?? [:]).mapValues { $0.sorted() }
            let whole = PlainTensor(
                shape: trained.weights.parameters[source].shape, values: trained.weights.torchOrder(source).map(Double.init))
            let expected = whole.keeping(rows: axes[0], columns: axes[1])
            #expect(pruned.weights.torchOrder(index) == expected.values.map { Float($0) }, "\(parameter.name)")
        }
    }

    @Test func aModelIsPrunedAgain() throws {
        let trained = try trained("ddpm")
        for widths in Widths.allCases {
            let once = try prune(trained, 0.3, widths).result
            let twice = try prune(once, 0.5, widths).result
            #expect(twice.model.graph.parameterCount < once.model.graph.parameterCount)
            let reloaded = try UNet2DModel(
                UNet2DConfiguration(json: twice.model.config), shapes: shapes(twice.weights.parameters))
            #expect(output(reloaded.graph, twice.weights) == output(twice.model.graph, twice.weights))
        }
    }

    /// The time embedding's first layer before its bias: (steps, hidden).
    private func firstLayer(_ trained: TrainedModel, steps: Int) throws -> [[Double]] {
        let configuration = try trained.unet.configuration
        let index = try #require(trained.weights.index(of: "time_embedding.linear_1.weight"))
        let weight = PlainTensor(shape: trained.weights.parameters[index].shape, values: trained.weights.torchOrder(index).map(Double.init))
        let timesteps = Samples(batch: steps, shape: .vector(1), values: (0..<steps).map(Double.init))
        let embedding: Samples
        if let table = trained.weights.index(of: "time_proj.weight") {
            let values = trained.weights.torchOrder(table).map(Double.init)
            embedding = Twin.embedding([timesteps], [PlainTensor(shape: trained.weights.parameters[table].shape, values: values)])
        } else {
            embedding = Twin.timestepEmbedding(
                channels: configuration.blockOutChannels[0], flipSinToCos: configuration.flipSinToCos,
                frequencyShift: Double(configuration.freqShift))([timesteps])
        }
        let bias = PlainTensor(shape: [weight.shape[0]], values: [Double](repeating: 0, count: weight.shape[0]))
        let product = Twin.linear([embedding], [weight, bias]).values
        return (0..<steps).map { Array(product[($0 * weight.shape[0])..<(($0 + 1) * weight.shape[0])]) }
    }

    @Test(arguments: [("ddpm", 0.5, 1000), ("learned", 0.5, 50), ("ldm", 0.5, 1000)])
    func theRefitOfTheTimeEmbeddingIsTheBestOfItsRank(name: String, ratio: Double, steps: Int) throws {
        let trained = try trained(name)
        let before = try firstLayer(trained, steps: steps)
        let pruned = try prune(trained, ratio, .diffusers, steps: steps).result
        let rank = try pruned.unet.configuration.blockOutChannels[0]
        #expect(try rank == trained.unet.configuration.blockOutChannels[0] / 2)
        #expect(try pruned.unet.configuration.timeEmbedding == .learned(steps: steps))
        let after = try firstLayer(pruned, steps: steps)
        let error = zip(before.joined(), after.joined()).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        let singularValues = singularValues(of: before)
        let best = singularValues.dropFirst(rank).reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(best > 1e-3 * singularValues[0], "a cut that costs something")
        // The sinusoids here are float32's: 2⁻²⁴ of an angle of up to 999, times the first layer.
        #expect(abs(error - best) < 1e-3 * best, "\(error), best \(best)")
    }

    /// Sinusoids are so alike that half as many columns of a table hold all of them.
    @Test func theRefitOfAWideTimeEmbeddingIsTheSameFunction() throws {
        let text = """
            {"block_out_channels": [64, 64], "down_block_types": ["DownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "UpBlock2D"],
             "sample_size": 4, "norm_num_groups": 4, "layers_per_block": 1, "attention_head_dim": null, "time_embedding_dim": 48,
             "add_attention": false, "flip_sin_to_cos": false, "freq_shift": 1}
            """
        let trained = TrainedModel(initializing: try UNet2DModel(UNet2DConfiguration(json: Data(text.utf8))), seed: 3)
        let pruned = try prune(trained, 0.4, .diffusers, steps: 300).result
        #expect(try pruned.unet.configuration.blockOutChannels == [40, 40])
        #expect(try pruned.unet.configuration.timeEmbeddingDim == 48)
        let before = try firstLayer(trained, steps: 300), after = try firstLayer(pruned, steps: 300)
        let error = zip(before.joined(), after.joined()).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(error < 1e-5)
    }

    /// One-sided Jacobi: columns are turned against each other until they stand at right angles; their lengths are the values.
    private func singularValues(of matrix: [[Double]]) -> [Double] {
        let width = matrix[0].count
        var columns = (0..<width).map { column in matrix.map { $0[column] } }
        for _ in 0..<30 {
            var largest = 0.0
            for i in 0..<width {
                for j in (i + 1)..<max(width, i + 1) {
                    var (a, b, c) = (0.0, 0.0, 0.0)
                    for row in matrix.indices {
                        a += columns[i][row] * columns[i][row]
                        b += columns[j][row] * columns[j][row]
                        c += columns[i][row] * columns[j][row]
                    }
                    guard abs(c) > 1e-14 * (a * b).squareRoot(), c != 0 else { continue }
                    largest = max(largest, abs(c) / (a * b).squareRoot())
                    let zeta = (b - a) / (2 * c)
                    let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
                    let cosine = 1 / (1 + tangent * tangent).squareRoot()
                    for row in matrix.indices {
                        let (x, y) = (columns[i][row], columns[j][row])
                        columns[i][row] = cosine * (x - tangent * y)
                        columns[j][row] = cosine * (y + tangent * x)
                    }
                }
            }
            if largest < 1e-10 { break }
        }
        return columns.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }.sorted(by: >)
    }
}
