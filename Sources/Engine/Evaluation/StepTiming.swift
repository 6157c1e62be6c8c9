/// How long a model's steps take on this machine, measured on a model like it in about a second.
///
/// A step takes a time of its own (every weight is read, every gradient written) and a time for each sample. Both are found by measuring
/// steps of two batch sizes, on a smaller map where the model's own would take too long.
public struct StepTiming: Sendable {
    /// Seconds of a step of some batch size.
    public struct Line: Sendable, Equatable {
        /// Of every step, whatever its batch.
        let fixed: Double
        /// Of each sample.
        public let perSample: Double

        /// Seconds of one step.
        public func seconds(batch: Int) -> Double { fixed + perSample * Double(batch) }

        /// So much for each sample.
        init(perSample: Double) { (fixed, self.perSample) = (0, perSample) }

        /// The line through two measured steps; neither part is below zero, whatever the noise.
        ///
        /// - Parameter scale: how many times as much a sample takes as it did in the measurement.
        init(_ one: (batch: Int, seconds: Double), _ other: (batch: Int, seconds: Double), scale: Double) {
            let slope = max(0, (other.seconds - one.seconds) / Double(other.batch - one.batch))
            fixed = max(0, one.seconds - slope * Double(one.batch))
            perSample = (fixed > 0 ? slope : other.seconds / Double(other.batch)) * scale
        }
    }

    /// Forward alone.
    public let forward: Line
    /// Forward and backward.
    public let training: Line

    /// A batch that is large enough beside one of 1 to tell the two times apart.
    private static let smallestBatch = 3
    /// Multiply-accumulates that a measured step may take, so that all of them end within seconds even on a slow core.
    private static let budget = 20_000_000_000

    /// Measures.
    ///
    /// - Parameters:
    ///   - model: its channels are kept as they are.
    ///   - batch: what will be asked for; measured itself where the budget allows.
    ///   - now: seconds by a clock that never goes back.
    /// - Throws: ``ConfigurationError``.
    public init(_ model: any Architecture, batch: Int, parallel: Parallel, now: () -> Double) throws {
        let small = try Self.shrunk(model)
        let weights = Weights(small.graph.parameters)
        let gradients = Weights(small.graph.parameters)
        func measured(_ batch: Int) -> (forward: Double, training: Double) {
            let executor = Executor(graph: small.graph, weights: weights, gradients: gradients, batch: batch, parallel: parallel)
            executor.forward()  // the first touch of all memory is not counted
            executor.backward()
            let start = now()
            executor.forward()
            let middle = now()
            executor.backward()
            return (middle - start, now() - start)
        }
        let (few, many) = (1, Self.largerBatch(small, batch))
        let (one, other) = (measured(few), measured(many))
        let scale = Double(model.graph.multiplyAccumulates) / Double(small.graph.multiplyAccumulates)
        forward = Line((few, one.forward), (many, other.forward), scale: scale)
        training = Line((few, one.training), (many, other.training), scale: scale)
    }

    /// Reckons by the machine's speed alone, for a model that is too large to be measured.
    ///
    /// - Parameter speed: operations per second, as of ``Matrix/measuredSpeed(_:)``.
    public init(reckoning model: any Architecture, speed: Double) {
        let seconds = 2 * Double(model.graph.multiplyAccumulates) / speed
        (forward, training) = (Line(perSample: seconds), Line(perSample: 3 * seconds))
    }

    private static func largerBatch(_ small: any Architecture, _ batch: Int) -> Int {
        max(smallestBatch, min(batch, budget / (3 * small.graph.multiplyAccumulates)))
    }

    /// Bytes of memory that measuring takes: weights, gradients, and the larger batch on its way.
    public static func bytes(_ model: any Architecture, batch: Int, parallel: Parallel) throws -> Int {
        let small = try shrunk(model)
        return 2 * small.graph.parameterCount * MemoryLayout<Float>.stride
            + small.graph.activationBytes(batch: largerBatch(small, batch), isTraining: true, parallel: parallel)
    }

    /// The model on a map whose sides were halved until training on it is within the budget, or they cannot be halved any more.
    private static func shrunk(_ model: any Architecture) throws -> any Architecture {
        var small = model
        while 3 * smallestBatch * small.graph.multiplyAccumulates > budget, let half = try small.halved() { small = half }
        return small
    }
}
