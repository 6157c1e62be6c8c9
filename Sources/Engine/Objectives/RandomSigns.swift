/// Random signs v of ±1 in place of a loss's slope: gradients are those of ⟨v, y⟩ then, y being all that a network gives for one sample, and the
/// mean of their squares over v is the diagonal of JᵀJ, J = dy/dθ.
///
/// v is `torch.randint(0, 2, y.shape) * 2 - 1`, sample after sample, output after output.
package struct RandomSigns {
    private var generator: TorchGenerator

    /// Goes on with a generator, after those of so many samples.
    package init(_ generator: TorchGenerator, after samples: Int = 0, of outputs: [Executor.Binding]) {
        self.generator = generator
        self.generator.skipUniform(samples * outputs.reduce(0) { $0 + $1.shape.count })
    }

    /// Writes one sample's signs as the gradient of the outputs.
    mutating func write(to outputs: [Executor.Binding]) {
        for output in outputs {
            let signs = generator.randint(below: 2, count: output.shape.count).map { Float(2 * $0 - 1) }
            if let gradient = output.gradient { PixelOrder.channelsLast(signs, 0..<1, to: gradient, shape: output.shape) }
        }
    }
}
