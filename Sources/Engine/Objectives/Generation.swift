/// Generation: a picture of noise, with nothing that the picture has to be like, so that every network's loss is 0. ``Imitation`` of another network
/// gives it one; the method gauss-newton ranks channels without.
///
/// The network takes z as `noise` and gives a picture as `picture`. z is standard normal. Points of scoring are batches of the z that are drawn for
/// all of them together, `torch.randn(scored, z)`; a step of training draws its own.
package struct Generation: Objective {
    package static let name = ObjectiveName.generation

    /// One z.
    private let noise: Shape
    /// How many are drawn for all points of scoring.
    private let scored: Int

    /// - Parameters:
    ///   - noise: what the network takes.
    ///   - scored: how many z all points of scoring have together.
    package init(_ noise: Shape, scored: Int = 0) { (self.noise, self.scored) = (noise, scored) }

    // MARK: Examples

    /// Some z, one after the other.
    package struct Examples: Sendable {
        let noise: [Float]
        /// How many go through together.
        let batch: Int
    }

    /// They are made up.
    package var available: Int { .max }

    package func draw(_ count: Int, mirroring: Bool, from generator: inout TorchGenerator) -> Examples {
        Examples(noise: generator.randn(count * noise.count), batch: count)
    }

    package func scoring(_ count: Int, from generator: inout TorchGenerator) -> Examples {
        Examples(noise: generator.randn(max(count, scored) * noise.count), batch: count)
    }

    /// As many as go through together, after those of the points before.
    package func scoring(_ examples: Examples, at point: Int) -> Examples {
        let count = examples.batch * noise.count
        return Examples(noise: Array(examples.noise[(point * count)..<((point + 1) * count)]), batch: examples.batch)
    }

    package func described(point: Int) -> String { "batch \(point)" }

    package func heldOut(_ count: Int, from generator: inout TorchGenerator) -> Examples {
        draw(count, mirroring: false, from: &generator)
    }

    // MARK: In an executor

    /// What goes in, and what comes out.
    package struct Bindings {
        let noise: Executor.Binding
        let picture: Executor.Binding
    }

    package func bindings(in executor: Executor) -> Bindings {
        Bindings(noise: executor.input(DCGANGenerator.noise), picture: executor.output(DCGANGenerator.picture))
    }

    package func feed(_ examples: Examples, _ range: Range<Int>, to bindings: Bindings) {
        PixelOrder.channelsLast(examples.noise, range, to: bindings.noise.values, shape: noise)
    }

    package func error(of count: Int, in bindings: Bindings) -> Double { 0 }

    package func terms(in bindings: Bindings) -> Int { 1 }

    package func gradient(of count: Int, among samples: Int, in bindings: Bindings) {
        bindings.picture.gradient?.update(repeating: 0, count: count * bindings.picture.shape.count)
    }
}

extension Generation {
    /// Imitating another network by what comes out: what generators are trained and judged by.
    ///
    /// - Throws: ``GraphError`` where a network gives other pictures.
    package func imitating(
        _ teacher: TrainedModel, by student: any Architecture, parallel: Parallel
    ) throws(GraphError) -> Imitation<Generation> {
        try Imitation(self, of: teacher, by: student, kept: [:], shares: ImitationShares(output: 1), parallel: parallel)
    }
}
