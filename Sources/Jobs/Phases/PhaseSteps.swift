import Engine

/// Steps of one kind that a phase takes: a batch goes through a network, again and again; or a picture or a caption through what stands
/// beside it in its pipeline.
package struct PhaseSteps {
    /// Whether the network is the original, what pruning leaves of it, or what fine-tuning imitates.
    package enum Network: Sendable, CaseIterable {
        case original, result, teacher

        func model(in shape: JobShape) -> any Architecture {
            switch self {
            case .original: shape.before
            case .result: shape.after
            case .teacher: shape.teacher ?? shape.before
            }
        }
    }

    /// Nil where it is another that they go through.
    let network: Network?
    let isTraining: Bool
    /// How many steps, each of the whole batch.
    private let count: Int
    /// The whole batch.
    private let samples: Int
    /// In how many parts that goes through.
    private let parts: Int
    /// Multiply-accumulates of one sample beside those of its way through the network.
    private let beside: Double

    /// - Parameters:
    ///   - isTraining: forward and backward; else forward alone.
    ///   - count: how many steps.
    ///   - samples: of each.
    ///   - largest: samples that go through at once at most.
    ///   - beside: multiply-accumulates that a sample takes besides.
    package init(_ network: Network, isTraining: Bool, count: Int = 1, samples: Int, largest: Int = .max, beside: Double = 0) {
        self.network = network
        self.isTraining = isTraining
        self.count = count
        self.samples = samples
        parts = samples > 0 ? 1 + (samples - 1) / largest : 0
        self.beside = beside
    }

    /// - Parameters:
    ///   - multiplyAccumulates: of one step's way through what is no network of the job's.
    ///   - count: how many steps.
    init(multiplyAccumulates: Int, count: Int) {
        (network, isTraining, samples, parts) = (nil, false, 1, 1)
        (self.count, beside) = (count, Double(multiplyAccumulates))
    }

    /// What they take, backward costing twice the forward. What pruning will leave is guessed from what it is asked for.
    func multiplyAccumulates(_ shape: JobShape) -> Double {
        let model = network == .result ? shape.before : network?.model(in: shape)
        let whole = Double(model?.graph.multiplyAccumulates ?? 0)
        let kept = network == .result ? (shape.request.pruning?.extent.left(of: shape.before.graph) ?? 1) : 1
        return ((isTraining ? 3 : 1) * (whole * kept) + beside) * Double(count * samples)
    }

    /// Seconds, by the measured time of one step. What a sample takes besides goes as fast as its way through the network.
    func seconds(_ timing: StepTiming, _ shape: JobShape) -> Double {
        guard parts > 0, let graph = network?.model(in: shape).graph else { return 0 }
        let line = isTraining ? timing.training : timing.forward
        let batch = (samples + parts - 1) / parts
        let more = beside * Double(batch) * timing.forward.perSample / Double(max(1, graph.multiplyAccumulates))
        return Double(count) * Double(parts) * (line.seconds(batch: batch) + more)
    }

    /// Seconds of what goes through no network of the job's.
    ///
    /// - Parameter speed: operations per second, as of ``Matrix/measuredSpeed(_:)``.
    func seconds(speed: Double) -> Double { 2 * beside * Double(count) / speed }
}
