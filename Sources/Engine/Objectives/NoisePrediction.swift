/// Noise prediction (arXiv 2006.11239, equation 14): L = mean((ε_θ(x_t, t) - ε)²) with x_t = √ᾱ_t · x₀ + √(1-ᾱ_t) · ε, or the same of
/// another ``PredictionType`` than ε.
///
/// The network takes x_t as `sample` and t as `timestep`, and gives ε_θ as `out_sample`; channels beyond those of the sample, the variance of
/// what it predicts, are no part of the loss (L_simple of arXiv 2102.09672). Points of scoring are timesteps. A conditional one
/// is told each picture's condition too; in training some are told the empty one instead, for guidance without a classifier (arXiv
/// 2207.12598, algorithm 1).
package struct NoisePrediction: Objective {
    package static let name = ObjectiveName.noisePrediction

    private let pictures: PictureSet
    /// √ᾱ_t and √(1-ᾱ_t) as float32, for every t.
    private let signal: [Float]
    private let noise: [Float]
    private let predictionType: PredictionType
    /// What the network is told of every picture; nil where it is told nothing.
    private let conditions: Conditions?
    /// The share of pictures that training shows with the empty condition.
    private let unconditionalProbability: Float

    /// - Parameters:
    ///   - pictures: of the network's sample shape, and what it is told of them.
    ///   - schedule: how noise is mixed in, and what is predicted.
    ///   - unconditionalProbability: the share of pictures that training shows with the empty condition, where there is one.
    package init(_ pictures: PictureSet, _ schedule: NoiseSchedule, unconditionalProbability: Double = 0) {
        self.init(
            pictures, alphasCumprod: schedule.alphasCumprod, predicting: schedule.predictionType,
            unconditionalProbability: unconditionalProbability)
    }

    /// - Parameters:
    ///   - pictures: of the network's sample shape, and what it is told of them.
    ///   - alphasCumprod: ᾱ_t for every timestep t may be drawn from.
    package init(
        _ pictures: PictureSet, alphasCumprod: [Float], predicting predictionType: PredictionType = .epsilon,
        unconditionalProbability: Double = 0
    ) {
        self.pictures = pictures
        self.predictionType = predictionType
        conditions = pictures.conditions
        self.unconditionalProbability = Float(unconditionalProbability)
        signal = alphasCumprod.map { $0.squareRoot() }
        noise = alphasCumprod.map { (1 - $0).squareRoot() }
    }

    // MARK: Examples

    /// Pictures, noise and timesteps.
    package struct Examples: Sendable {
        /// x₀, (samples, channels, height, width), in [-1, 1].
        let pictures: [Float]
        /// ε, of the same shape.
        let noise: [Float]
        /// One t per picture.
        let timesteps: [Int]
        /// One condition per picture; empty where there are none.
        package let conditions: [Float]

        /// Examples that were drawn elsewhere.
        package init(pictures: [Float], noise: [Float], timesteps: [Int], conditions: [Float] = []) {
            self.pictures = pictures
            self.noise = noise
            self.timesteps = timesteps
            self.conditions = conditions
        }
    }

    package var available: Int { pictures.count }

    /// Pictures with replacement, their noise, their timesteps, which of them are mirrored, and, where there are conditions, which are shown
    /// with the empty one, drawn in this order.
    package func draw(_ count: Int, mirroring: Bool, from generator: inout TorchGenerator) throws -> Examples {
        let indices = generator.randint(below: pictures.count, count: count)
        let noise = generator.randn(count * pictures.shape.count)
        let timesteps = generator.randint(below: signal.count, count: count)
        let flips = mirroring ? generator.randint(below: 2, count: count) : [Int](repeating: 0, count: count)
        return Examples(
            pictures: try pictures.load(indices) { flips[$0] == 1 }, noise: noise, timesteps: timesteps,
            conditions: try drawConditions(indices, from: &generator))
    }

    private func drawConditions(_ indices: [Int], from generator: inout TorchGenerator) throws -> [Float] {
        guard let conditions else { return [] }
        let chances = generator.rand(indices.count)
        return try zip(indices, chances).flatMap { index, chance in
            if chance < unconditionalProbability, let empty = conditions.empty { empty } else { try conditions.of(CollectionOfOne(index)) }
        }
    }

    /// The first pictures and one noise for all timesteps.
    package func scoring(_ count: Int, from generator: inout TorchGenerator) throws -> Examples {
        let x0 = try pictures.load(0..<count)
        return Examples(
            pictures: x0, noise: generator.randn(x0.count), timesteps: [Int](repeating: 0, count: count),
            conditions: try conditions?.of(0..<count) ?? [])
    }

    package func scoring(_ examples: Examples, at timestep: Int) -> Examples {
        let timesteps = [Int](repeating: timestep, count: examples.timesteps.count)
        return Examples(
            pictures: examples.pictures, noise: examples.noise, timesteps: timesteps, conditions: examples.conditions)
    }

    package func described(point: Int) -> String { "timestep \(point)" }

    /// The last pictures, picture i of M at t = ⌊(i + ½)·T/M⌋: spread evenly over the schedule.
    package func heldOut(_ count: Int, from generator: inout TorchGenerator) throws -> Examples {
        let held = (pictures.count - count)..<pictures.count
        let x0 = try pictures.load(held)
        let timesteps = (0..<count).map { (2 * $0 + 1) * signal.count / (2 * count) }
        return Examples(
            pictures: x0, noise: generator.randn(x0.count), timesteps: timesteps, conditions: try conditions?.of(held) ?? [])
    }

    // MARK: In an executor

    /// What goes in, and ε_θ beside ε.
    package struct Bindings {
        let sample: Executor.Binding
        let timestep: Executor.Binding
        let condition: Executor.Binding?
        package let prediction: MeanSquaredError
    }

    package func bindings(in executor: Executor) -> Bindings {
        Bindings(
            sample: executor.input("sample"), timestep: executor.input("timestep"),
            condition: conditions.map { executor.input($0.input) },
            prediction: MeanSquaredError(
                executor.output("out_sample"), batch: executor.batch, channels: executor.input("sample").shape.channels))
    }

    /// Mixes pictures with their noise, and puts down what is to be predicted of that.
    package func feed(_ examples: Examples, _ range: Range<Int>, to bindings: Bindings) {
        let (shape, target) = (bindings.sample.shape, bindings.prediction.target.pointer)
        PixelOrder.channelsLast(examples.pictures, range, to: bindings.sample.values, shape: shape)
        PixelOrder.channelsLast(examples.noise, range, to: target, shape: shape)
        for (image, timestep) in examples.timesteps[range].enumerated() {
            let (a, b) = (signal[timestep], noise[timestep])
            let (x, y) = (bindings.sample.values + image * shape.count, target + image * shape.count)
            switch predictionType {
            case .epsilon: Elementwise.map(shape.count, x, y, into: x) { $0 * a + $1 * b }
            case .velocity:
                Elementwise.forEachVector(0..<shape.count) { i, lanes in
                    let (original, noise) = ((x + i).load(lanes), (y + i).load(lanes))
                    (x + i).store(original * a + noise * b, lanes)
                    (y + i).store(noise * a - original * b, lanes)
                }
            case .sample:
                Elementwise.forEachVector(0..<shape.count) { i, lanes in
                    let (original, noise) = ((x + i).load(lanes), (y + i).load(lanes))
                    (x + i).store(original * a + noise * b, lanes)
                    (y + i).store(original, lanes)
                }
            }
            bindings.timestep.values[image] = Float(timestep)
        }
        bindings.condition?.fill(examples.conditions, range)
    }

    package func error(of count: Int, in bindings: Bindings) -> Double { bindings.prediction.sum(of: count) }

    package func terms(in bindings: Bindings) -> Int { bindings.prediction.terms }

    package func gradient(of count: Int, among samples: Int, in bindings: Bindings) {
        bindings.prediction.gradient(of: count, among: samples)
    }
}
