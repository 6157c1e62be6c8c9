/// How long a model's steps take on this machine, measured on one like it that takes a fraction of a second.
public struct StepTiming: Sendable {
    /// Seconds of one sample's forward.
    public let forward: Double
    /// Seconds of one sample's forward and backward.
    public let training: Double

    /// Multiply-accumulates that a measurement may take, so that it ends within a second even on a slow core.
    private static let budget = 20_000_000_000

    /// Measures one step of each kind with a single sample, after one that is not counted; and reckons by multiply-accumulates where the
    /// map had to be made smaller to stay within the budget.
    ///
    /// - Parameters:
    ///   - model: its channels are kept as they are.
    ///   - now: seconds by a clock that never goes back.
    /// - Throws: ``ConfigurationError``, ``GraphError``.
    public init(_ model: UNet2DModel, parallel: Parallel, now: () -> Double) throws {
        let small = try Self.shrunk(model)
        let weights = Weights(small.graph.parameters)
        let scale = Double(model.graph.multiplyAccumulates) / Double(small.graph.multiplyAccumulates)
        let executor = Executor(
            graph: small.graph, weights: weights, gradients: Weights(weights.parameters), batch: 1, parallel: parallel)
        executor.forward()
        executor.backward()
        let start = now()
        executor.forward()
        let middle = now()
        executor.backward()
        forward = (middle - start) * scale
        training = (now() - start) * scale
    }

    /// The model on a map whose sides were halved until training on it is within the budget, or they cannot be halved any more.
    private static func shrunk(_ model: UNet2DModel) throws -> UNet2DModel {
        let configuration = model.configuration
        let divisor = 1 << (configuration.levels - 1)
        let shapes = Dictionary(uniqueKeysWithValues: model.graph.parameters.map { ($0.name, $0.shape) })
        var (height, width, small) = (configuration.sampleHeight, configuration.sampleWidth, model)
        while 3 * small.graph.multiplyAccumulates > budget, height % (2 * divisor) == 0, width % (2 * divisor) == 0 {
            (height, width) = (height / 2, width / 2)
            let config = configuration.json(replacing: ["sample_size": .integers([height, width])])
            small = try UNet2DModel(UNet2DConfiguration(json: config), shapes: shapes)
        }
        return small
    }
}
