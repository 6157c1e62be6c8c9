import Foundation

/// A network whose weights were never trained, drawn tensor by tensor as they are written: the numbers of
/// ``TrainedModel/init(initializing:seed:)``, without ever being in memory together.
public struct FreshWeights: Sendable {
    /// The network.
    public let model: any Architecture
    /// The noise schedule; nil where the network has none.
    public let schedule: NoiseSchedule?
    /// What was ignored or looks wrong.
    public var warnings: [Warning] { model.warnings + (schedule?.warnings ?? []) }
    private let seed: Int

    /// Parameters that a configuration of a few lines may ask to be drawn and stored. Stable Diffusion's U-Net has 860 million.
    public static let largest = 1 << 30
    private static let piece = 1 << 18

    /// Lays out the network.
    ///
    /// - Parameters:
    ///   - config: the network's config.json.
    ///   - seed: weights are drawn as the network's constructor draws them after `torch.manual_seed(seed)`.
    ///   - scheduler: scheduler_config.json; nil takes DDPM's defaults.
    ///   - limit: parameters.
    /// - Throws: ``CheckpointError``; ``CheckpointError/tooManyToDraw(parameters:limit:)`` beyond the limit.
    public init(config: Data, seed: Int, scheduler: Data?, limit: Int = largest) throws(CheckpointError) {
        (model, schedule) = try DiffusionCheckpoint.untrained(config: config, scheduler: scheduler)
        guard model.graph.parameterCount <= limit else {
            throw .tooManyToDraw(parameters: model.graph.parameterCount, limit: limit)
        }
        self.seed = seed
    }

    /// Writes the weights as one safetensors file, in the graph's order.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    public func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        let parameters = model.graph.parameters
        let entries = parameters.map { SafeTensorsWriter.Entry(name: $0.name, shape: $0.shape) }
        let starts = starts()
        try SafeTensorsWriter(entries, type: .float32).write(to: sink) { index, put in
            let parameter = parameters[index]
            var generator = starts[parameter.name]
            guard parameter.initialization.isDrawnWhole, generator != nil else {
                for start in stride(from: 0, to: parameter.count, by: Self.piece) {
                    let count = min(Self.piece, parameter.count - start)
                    let numbers =
                        generator?.initial(parameter.initialization, count: count) ?? Self.constant(parameter.initialization, count)
                    try numbers.withUnsafeBufferPointer { try put($0) }
                }
                return
            }
            // Embeddings are small, and drawn in blocks that depend on where they end.
            try generator?.initial(parameter.initialization, count: parameter.count).withUnsafeBufferPointer { try put($0) }
        }
    }

    /// Where the stream stands when the constructor comes to each tensor that it draws: its order is not the file's.
    private func starts() -> [String: TorchGenerator] {
        var generator = TorchGenerator(seed: seed)
        var starts: [String: TorchGenerator] = [:]
        for parameter in model.constructionOrder {
            switch parameter.initialization {
            case .uniform:
                starts[parameter.name] = generator
                generator.skipUniform(parameter.count)
            case .normal, .frequencies, .codebook:
                starts[parameter.name] = generator
                _ = generator.initial(parameter.initialization, count: parameter.count)
            case .ones, .zeros, .statistic: break
            }
        }
        return starts
    }

    private static func constant(_ initialization: Parameter.Initialization, _ count: Int) -> [Float] {
        switch initialization {
        case .ones: [Float](repeating: 1, count: count)
        case .statistic(let number): [Float](repeating: number, count: count)
        case .uniform, .normal, .frequencies, .codebook, .zeros: [Float](repeating: 0, count: count)
        }
    }
}

extension Parameter.Initialization {
    /// Whether no part can be drawn without the rest: normal numbers come in blocks that depend on where they end.
    fileprivate var isDrawnWhole: Bool {
        switch self {
        case .normal, .frequencies, .codebook: true
        case .uniform, .ones, .zeros, .statistic: false
        }
    }
}
