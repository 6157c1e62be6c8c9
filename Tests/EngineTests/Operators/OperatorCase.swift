import Engine
import Testing

/// An operator at one size, with its twin.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    let name: String
    let operation: any Operator
    let inputs: [Shape]
    let batch: Int
    let twin: Twin
    /// Input shapes that do not fit.
    let wrongInputs: [[Shape]]
    /// Multiply-accumulates of one sample, counted by hand.
    var multiplyAccumulates = 0
    /// Whether what is cut away might as well have been zero: not where statistics or a softmax's scale depend on it.
    var cutsLikeZeros = true
    /// Timesteps in place of random inputs; they have no gradient.
    var timesteps: [Double]?
    /// Whether its parameters have gradients.
    var isTrained = true
    /// Inputs are uniform in ±range around `centre`.
    var range: Float = 1
    var centre: Float = 0
    /// Of the largest entry. The default leaves float32 sums of some thousand terms room (n·2⁻²⁴ at worst, √n·2⁻²⁴ as a rule).
    var tolerance = 2e-5

    var testDescription: String { "\(name) \(inputs.map { "\($0.height)×\($0.width)×\($0.channels)" }.joined(separator: ", ")) × \(batch)" }

    /// Inputs and parameters that are whole float32 numbers in double precision.
    func values() -> (inputs: [Samples], parameters: [PlainTensor]) {
        var generator = TorchGenerator(seed: 42)
        let samples = inputs.map { shape in
            let numbers = generator.uniform(batch * shape.count, from: centre - range, to: centre + range)
            return Samples(batch: batch, shape: shape, values: timesteps ?? numbers.map(Double.init))
        }
        let parameters = operation.parameters.map {
            PlainTensor(shape: $0.shape, values: generator.uniform($0.count, from: -1, to: 1).map(Double.init))
        }
        return (samples, parameters)
    }
}
