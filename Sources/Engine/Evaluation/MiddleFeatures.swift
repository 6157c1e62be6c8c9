/// What the middle block of a noise predictor makes of clean pictures: a set of features where there is no network that was trained for it.
///
/// f(x) is the mean over pixels of what the block in the middle gives on √ᾱ_t · x + √(1-ᾱ_t) · ε at the timestep t = ⌊T / 10⌋, ε always the
/// same `torch.randn` of seed 0, so that a picture's features are a function of the picture. A conditional network is told the empty condition.
public struct MiddleFeatures {
    private let batched: BatchedExecutor
    private let sample: Executor.Binding
    private let output: Executor.Binding
    private let noise: [Float]
    private let signalScale: Float

    /// Of the noise.
    public static let noiseSeed = 0

    /// The name of the node in the middle; nil where a network has no blocks.
    public static func node(of model: any Architecture) -> String? {
        let blocks = model.blockOutputs
        return blocks.isEmpty ? nil : blocks[(blocks.count - 1) / 2]
    }

    /// The timestep at which a network looks.
    public static func timestep(_ schedule: NoiseSchedule) -> Int { schedule.count / 10 }

    /// The network up to its middle; nil where it has no blocks.
    public static func graph(of model: any Architecture) -> Graph? {
        guard let name = node(of: model), let place = model.graph.nodes.firstIndex(where: { $0.name == name }) else { return nil }
        return Graph(nodes: Array(model.graph.nodes[...place]), outputs: [Graph.Output(name: name, node: place)])
    }

    /// Numbers of each picture's features; nil where the network has no blocks.
    public static func width(of model: any Architecture) -> Int? { graph(of: model)?.nodes.last?.shape.channels }

    /// How pictures go through.
    public static func plan(_ graph: Graph, samples: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchedExecutor.plan(graph, samples: samples, memory: memory, parallel: parallel)
    }

    /// Pictures that go through at once at most.
    public static let largestBatch = BatchedExecutor.largest

    /// A network at the ready; nil where it has no blocks.
    ///
    /// - Parameters:
    ///   - conditions: what it is told of pictures; nil where it is told nothing.
    ///   - memory: bytes for activations.
    public init?(_ trained: TrainedModel, _ schedule: NoiseSchedule, conditions: Conditions?, memory: Int, parallel: Parallel) {
        guard let graph = Self.graph(of: trained.model) else { return nil }
        batched = BatchedExecutor(graph, trained.weights, samples: Self.largestBatch, memory: memory, parallel: parallel)
        let executor = batched.executor
        (sample, output) = (executor.input("sample"), executor.outputs[0])
        let timestep = Self.timestep(schedule)
        for input in executor.inputs where input.name != sample.name {
            // Where there is no empty condition it is told noughts: the first class.
            let told = input.name == conditions?.input ? conditions?.empty : input.name == "timestep" ? [Float(timestep)] : nil
            for place in 0..<(executor.batch * input.shape.count) { input.values[place] = told?[place % input.shape.count] ?? 0 }
        }
        var generator = TorchGenerator(seed: Self.noiseSeed)
        let scale = schedule.noiseScale(at: timestep)
        noise = generator.randn(sample.shape.count).map { $0 * scale }
        signalScale = schedule.signalScale(at: timestep)
    }

    /// The features of some samples, (samples, features).
    ///
    /// - Parameter samples: (samples, channels, height, width), as the network takes them.
    public func features(of samples: [Float]) -> [Float] {
        let (executor, size) = (batched.executor, sample.shape.count)
        let noised = samples.indices.map { samples[$0] * signalScale + noise[$0 % size] }
        var features: [Float] = []
        let count = samples.count / size
        for start in stride(from: 0, to: count, by: executor.batch) {
            let some = start..<min(count, start + executor.batch)
            PixelOrder.channelsLast(noised, some, to: sample.values, shape: sample.shape)
            executor.forward()
            features += output.channelMeans(ofFirst: some.count)
        }
        return features
    }
}
