import Documents
import Engine
import Foundation
import Testing

/// Networks without some of their layers.
@Suite struct DepthTests {
    private static let parallel = Parallel(threads: 2)
    /// Golden networks that can be without layers, and Stable Diffusion's in small with two layers a block.
    static let names = ["ddpm", "ldm", "scale_shift", "learned", "classes", "transformers"]

    private static func trained(_ name: String) throws -> TrainedModel {
        if name == "transformers" {
            let config = try JSON(parsing: Array(Golden.condition("sd1").model.config)).replacing(["layers_per_block": 2])
            return TrainedModel(initializing: try UNet2DConditionModel(json: Data(config.compact.utf8), shapes: [:]), seed: 1)
        }
        let (model, weights) = try Golden.unet(name)
        return TrainedModel(model: model, weights: weights)
    }

    /// What a network gives for two samples of noise.
    private static func output(_ trained: TrainedModel) throws -> [Float] {
        let executor = Executor(graph: trained.model.graph, weights: trained.weights, batch: 2, parallel: parallel)
        var generator = TorchGenerator(seed: 7)
        for input in executor.inputs {
            let numbers = generator.randn(2 * input.shape.count)
            for (place, number) in numbers.enumerated() {
                input.values[place] = ["timestep", "class_labels"].contains(input.name) ? Float(place + 1) : number
            }
        }
        executor.forward()
        return Array(UnsafeBufferPointer(start: executor.output, count: 2 * executor.outputShape.count))
    }

    private static func reread(_ model: some Architecture) throws -> any Architecture {
        try type(of: model).init(json: model.config, shapes: [:])
    }

    /// What may go at once of every kind of layers.
    private static func choices(_ model: any Architecture) -> [Set<String>] {
        model.optionalLayers.map { layers in layers.places.reduce(into: []) { $0.formUnion($1[0]) } }
    }

    /// What stays of every group where these modules go and everything else stays.
    private static func kept(_ model: any Architecture, without modules: Set<String>) -> [[Int]] {
        model.graph.channelGroups().map { group in
            let isGone = modules.contains { module in group.members.allSatisfy { $0.parameter.hasPrefix("\(module).") } }
            return isGone ? [] : Array(0..<group.width)
        }
    }

    /// The same as a plan has it.
    private static func planned(_ model: any Architecture, without modules: Set<String>) throws(PruningPlanError) -> [[Int]] {
        let groups = zip(model.graph.channelGroups(), kept(model, without: modules)).map { PruningPlan.Group(name: $0.name, kept: $1) }
        return try PruningPlan(widths: .free, groups: groups).kept(for: model)
    }

    @Test func allOfThemSayWhatTheyCanBeWithout() throws {
        let found = try Self.names.map { try Self.trained($0).model.optionalLayers.count }
        #expect(found.allSatisfy { $0 > 0 }, "\(found)")
        let skips = try Golden.unet("skips").model
        #expect(skips.optionalLayers.isEmpty)
        #expect(throws: DepthError.needed("mid_block.attentions.0")) { try skips.leavingOut(["mid_block.attentions.0"]) }
    }

    /// Its own config describes it, and its tensors are the whole network's.
    @Test(arguments: names)
    func whatIsLeftIsAStockNetworkOfTheSameTensors(name: String) throws {
        let trained = try Self.trained(name)
        for modules in Self.choices(trained.model) {
            let out = try trained.model.leavingOut(modules)
            let (network, names) = (out.network, out.names)
            let again = try Self.reread(network)
            #expect(again.graph.parameters == network.graph.parameters)
            let left = trained.model.graph.parameters.filter { parameter in !modules.contains { parameter.name.hasPrefix("\($0).") } }
            #expect(Set(network.graph.parameters.map { names.original($0.name) }) == Set(left.map(\.name)), "\(modules)")
            for parameter in left { #expect(names.original(names.today(parameter.name)) == parameter.name) }

            let result = try trained.pruned(kept: Self.kept(trained.model, without: modules), widths: .free, steps: 1000)
            #expect(result.model.graph.parameters.map(\.shape) == network.graph.parameters.map(\.shape))
            let changed = out.folds.flatMap { fold in ["conv2", "conv_shortcut"].map { "\(fold.layer).\($0)." } }
            for (index, parameter) in result.weights.parameters.enumerated() {
                guard !changed.contains(where: names.original(parameter.name).hasPrefix) else { continue }
                let source = try #require(trained.weights.index(of: names.original(parameter.name)))
                #expect(result.weights.torchOrder(index) == trained.weights.torchOrder(source))
            }
        }
    }

    /// Makes what stands in these modules add nothing to what comes in, or to what a shortcut makes of it.
    private static func idle(_ trained: TrainedModel, _ modules: Set<String>) -> TrainedModel {
        let weights = trained.weights.copy()
        for (index, parameter) in weights.parameters.enumerated() where modules.contains(where: { parameter.name.hasPrefix("\($0).") }) {
            let last = ["conv2.weight", "conv2.bias", "to_out.0.weight", "to_out.0.bias", "proj_out.weight", "proj_out.bias"]
            if last.contains(where: parameter.name.hasSuffix) {
                weights.setTorchOrder(index, [Float](repeating: 0, count: parameter.count))
            }
        }
        return TrainedModel(model: trained.model, weights: weights)
    }

    /// Skip connections included: what stays reads what it read.
    @Test(arguments: names)
    func layersThatDoNothingCanGoWithoutATrace(name: String) throws {
        let trained = try Self.trained(name)
        for modules in Self.choices(trained.model) {
            let idle = Self.idle(trained, modules)
            let result = try idle.pruned(kept: Self.kept(trained.model, without: modules), widths: .diffusers, steps: 1000)
            let outputs = try [idle, result].map(Self.output)
            #expect(relativeError(outputs[1], outputs[0]) < 2e-5, "\(modules)")
            #expect(relativeError(outputs[0], try Self.output(trained)) > 1e-5)
        }
    }

    @Test func aPlanMayLeaveOutWholeLayersAlone() throws {
        let model = try Golden.unet("ddpm").model
        func kept(_ without: Set<String>) throws(PruningPlanError) -> [[Int]] { try Self.planned(model, without: without) }
        let modules = try #require(Self.choices(model).first)
        for (group, (found, wanted)) in zip(model.graph.channelGroups(), zip(try kept(modules), Self.kept(model, without: modules))) {
            // Going up the layer before takes over another's channels.
            #expect(found == wanted || found.isEmpty && group.name.hasPrefix("up_blocks") && group.name.contains(".resnets.0."))
        }
        #expect(throws: PruningPlanError.self) { try kept(["down_blocks.0.resnets.0"]) }
        #expect(throws: PruningPlanError.self) { try kept(["mid_block.resnets.0"]) }
        let alone = try #require(modules.filter { $0.contains("down_blocks.0.resnets") }.first)
        let error = #expect(throws: PruningPlanError.self) { try kept([alone]) }
        #expect(error == .depth("\(DepthError.blocksDiffer)"))
    }

    // MARK: The search

    private static func search(_ name: String, worth: (ChannelGroup) -> Double, depth: Bool = true) throws -> (
        network: any Architecture, [[Int]]
    ) {
        let model = try trained(name).model
        let gauge = CutGauge(formats: NumberFormats(.float32), parallel: parallel)
        let limits = try CutTarget([.macs: .fraction(0.6)]).amounts { try gauge.amount($0, of: model) }
        var generator = TorchGenerator(seed: 3)
        let importance = model.graph.channelGroups().map { group in generator.rand(group.width).map { worth(group) * (0.5 + Double($0)) } }
        let kept = try model.kept(.global, importance: importance, depth: depth) {
            try TargetedCut($0, limits: limits, widths: .free, blockRules: $0.blockRules, timesteps: 1000, gauge: gauge)
        }
        let network = try model.pruned(kept: kept, widths: .free, steps: 1000)
        #expect(try gauge.amount(.macs, of: network) <= limits[.macs] ?? 0)
        return (network, kept)
    }

    @Test(arguments: ["ddpm", "ldm", "transformers"])
    func layersGoThatAreWorthLeast(name: String) throws {
        let model = try Self.trained(name).model
        let modules = try #require(Self.choices(model).first)
        let gone = Set(zip(model.graph.channelGroups(), try Self.planned(model, without: modules)).filter(\.1.isEmpty).map(\.0.name))
        func isOfThem(_ group: ChannelGroup) -> Bool { gone.contains(group.name) }
        let worthless = try Self.search(name) { isOfThem($0) ? 1e-6 : 1 }
        for (group, kept) in zip(model.graph.channelGroups(), worthless.1) where isOfThem(group) { #expect(kept.isEmpty, "\(group.name)") }
        // Where any other channel could as well go.
        let dear = try Self.search(name) { isOfThem($0) ? 1e6 : 1 }
        for (group, kept) in zip(model.graph.channelGroups(), dear.1) where isOfThem(group) { #expect(!kept.isEmpty, "\(group.name)") }
        let widthAlone = try Self.search(name, worth: { isOfThem($0) ? 1e-6 : 1 }, depth: false)
        #expect(widthAlone.1.allSatisfy { !$0.isEmpty })
    }

    /// What is left before the gap takes over what stood in it.
    @Test(arguments: ["ddpm", "ldm"])
    func refittingMakesUpForLayersThatWent(name: String) throws {
        let trained = try Self.trained(name)
        let shape = trained.model.sampleShape
        let pictures = PictureSet(count: 8, shape: shape) { index in
            (0..<shape.count).map { UInt8(truncatingIfNeeded: ($0 * (index + 3)) ^ (index * 77) ^ ($0 >> 3)) }
        }
        let wanted = try Self.output(trained)
        for modules in Self.choices(trained.model) {
            let kept = Self.kept(trained.model, without: modules)
            let cut = try trained.pruned(kept: kept, widths: .free, steps: 1000)
            let result = TrainedModel(model: cut.model, weights: cut.weights.copy())
            var layers: [Refit.Layer] = []
            try Refit().run(
                result, like: trained, kept: kept, on: NoisePrediction(pictures, alphasCumprod: PruningGoldenTests.alphasCumprod),
                parallel: Self.parallel
            ) { layer in layer.map { layers.append($0) } }
            #expect(!layers.isEmpty && layers.allSatisfy { $0.after <= $0.before * 1.0001 }, "\(modules)")
            let (before, after) = (relativeError(try Self.output(cut), wanted), relativeError(try Self.output(result), wanted))
            #expect(after < before, "\(modules): \(before), \(after)")
        }
    }
}
