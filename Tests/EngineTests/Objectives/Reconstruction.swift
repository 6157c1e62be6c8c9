import Engine

extension ObjectiveName {
    /// A picture from itself.
    static let reconstruction = ObjectiveName("reconstruction")
}

/// A second objective beside noise prediction, of other inputs and outputs and without timesteps: L = mean((f(x) - x)²).
///
/// Points of scoring are batches of the pictures, one after the other.
struct Reconstruction: Objective {
    static let name = ObjectiveName.reconstruction

    let pictures: PictureSet

    var available: Int { pictures.count }

    /// With replacement.
    func draw(_ count: Int, mirroring: Bool, from generator: inout TorchGenerator) throws -> [Float] {
        try pictures.load(generator.randint(below: pictures.count, count: count))
    }

    func scoring(_ count: Int, from generator: inout TorchGenerator) throws -> [Float] { try pictures.load(0..<count) }

    func scoring(_ examples: [Float], at point: Int) throws -> [Float] {
        let count = examples.count / pictures.shape.count
        return try pictures.load((point * count)..<((point + 1) * count))
    }

    func described(point: Int) -> String { "batch \(point)" }

    func heldOut(_ count: Int, from generator: inout TorchGenerator) throws -> [Float] {
        try pictures.load((pictures.count - count)..<pictures.count)
    }

    struct Bindings {
        let picture: Executor.Binding
        let reconstruction: MeanSquaredError
    }

    func bindings(in executor: Executor) -> Bindings {
        Bindings(
            picture: executor.input("picture"),
            reconstruction: MeanSquaredError(executor.output("reconstruction"), batch: executor.batch))
    }

    func feed(_ examples: [Float], _ range: Range<Int>, to bindings: Bindings) {
        for place in [bindings.picture.values, bindings.reconstruction.target.pointer] {
            PixelOrder.channelsLast(examples, range, to: place, shape: bindings.picture.shape)
        }
    }

    func error(of count: Int, in bindings: Bindings) -> Double { bindings.reconstruction.sum(of: count) }

    func terms(in bindings: Bindings) -> Int { bindings.reconstruction.terms }

    func gradient(of count: Int, among samples: Int, in bindings: Bindings) {
        bindings.reconstruction.gradient(of: count, among: samples)
    }
}
