/// Reconstruction: L = mean(|f(x) - x|²), or mean(|f(x) - x|), of pictures x, and w times the mean over pictures of the Kullback-Leibler
/// divergence of their latents' distribution where that is asked for (arXiv 1312.6114, appendix B).
///
/// The network takes x as `sample` and gives f(x) as `reconstruction`. An `AutoencoderKL`'s f goes by the means of its latents' distribution, so
/// that nothing of it is random. Points of scoring are batches of the pictures, one after the other.
package struct Reconstruction: Objective {
    package static let name = ObjectiveName.reconstruction

    private let pictures: PictureSet
    private let loss: ReconstructionLoss

    /// - Parameter pictures: of the network's sample shape.
    package init(_ pictures: PictureSet, _ loss: ReconstructionLoss = ReconstructionLoss()) {
        (self.pictures, self.loss) = (pictures, loss)
    }

    // MARK: Examples

    package var available: Int { pictures.count }

    /// Pictures with replacement, and then which of them are mirrored: (samples, channels, height, width), in [-1, 1].
    package func draw(_ count: Int, mirroring: Bool, from generator: inout TorchGenerator) throws -> [Float] {
        let indices = generator.randint(below: pictures.count, count: count)
        let flips = mirroring ? generator.randint(below: 2, count: count) : [Int](repeating: 0, count: count)
        return try pictures.load(indices) { flips[$0] == 1 }
    }

    /// A place for as many pictures; each point has its own.
    package func scoring(_ count: Int, from generator: inout TorchGenerator) throws -> [Float] {
        [Float](repeating: 0, count: count * pictures.shape.count)
    }

    /// As many pictures as the given ones, after those of the points before.
    package func scoring(_ examples: [Float], at point: Int) throws -> [Float] {
        let count = examples.count / pictures.shape.count
        return try pictures.load((point * count)..<((point + 1) * count))
    }

    package func described(point: Int) -> String { "batch \(point)" }

    /// The last pictures.
    package func heldOut(_ count: Int, from generator: inout TorchGenerator) throws -> [Float] {
        try pictures.load((pictures.count - count)..<pictures.count)
    }

    // MARK: In an executor

    private static let moments = "moments"

    /// With the moments of latents leaving it, where their divergence counts.
    package func graph(of model: any Architecture) -> Graph {
        guard loss.divergence > 0 else { return model.graph }
        var graph = model.graph
        if let means = graph.nodes.first(where: { $0.operation is FirstChannels }) { graph.addOutput(Self.moments, means.inputs[0]) }
        return graph
    }

    /// What goes in, and what comes out beside it.
    package struct Bindings {
        let picture: Executor.Binding
        let error: MeanSquaredError
        /// Where the divergence counts.
        let divergence: LatentDivergence?
    }

    package func bindings(in executor: Executor) -> Bindings {
        Bindings(
            picture: executor.input("sample"), error: MeanSquaredError(executor.output("reconstruction"), batch: executor.batch),
            divergence: loss.divergence > 0 ? LatentDivergence(executor.output(Self.moments)) : nil)
    }

    package func feed(_ examples: [Float], _ range: Range<Int>, to bindings: Bindings) {
        for place in [bindings.picture.values, bindings.error.target.pointer] {
            PixelOrder.channelsLast(examples, range, to: place, shape: bindings.picture.shape)
        }
    }

    package func error(of count: Int, in bindings: Bindings) -> Double {
        let error = loss.error == .mse ? bindings.error.sum(of: count) : bindings.error.magnitudes(of: count)
        // Of one picture it counts as it is, and errors are divided by how many numbers there are.
        return error + loss.divergence * Double(terms(in: bindings)) * (bindings.divergence?.sum(of: count) ?? 0)
    }

    package func terms(in bindings: Bindings) -> Int { bindings.error.terms }

    package func gradient(of count: Int, among samples: Int, in bindings: Bindings) {
        switch loss.error {
        case .mse: bindings.error.gradient(of: count, among: samples)
        case .l1: bindings.error.signs(of: count, among: samples)
        }
        bindings.divergence?.gradient(of: count, share: Float(loss.divergence / Double(samples)))
    }
}
