/// What a network is scored, trained and judged by: what it is shown, and how what it makes of that is measured.
///
/// Scoring, fine-tuning and the held-out loss know no more of it than this. They ask for examples, which are drawn from a random stream of
/// theirs, and for the loss of these and its gradient, which ``ObjectiveExecutor`` computes, in parts where memory asks for it: a batch's
/// loss is the sum of its samples' errors over the sum of their terms. One objective, one file.
package protocol Objective: Sendable {
    /// By which an ``Architecture`` says that it can serve this.
    static var name: ObjectiveName { get }

    // MARK: Examples

    /// Samples that go through together, with what is asked of them.
    associatedtype Examples: Sendable

    /// How many samples there are to take examples from; `Int.max` where they are made up.
    var available: Int { get }

    /// The examples of one step of training, drawn anew.
    ///
    /// - Parameters:
    ///   - mirroring: whether half of the pictures are to be mirrored, where there are pictures.
    ///   - generator: all that is random comes from it, in an order that never changes.
    func draw(_ count: Int, mirroring: Bool, from generator: inout TorchGenerator) throws -> Examples

    /// What is the same at all points of scoring.
    func scoring(_ count: Int, from generator: inout TorchGenerator) throws -> Examples

    /// The examples that are scored at a point: a timestep, or a number of another meaning. Their gradients are summed over points.
    func scoring(_ examples: Examples, at point: Int) throws -> Examples

    /// A point as messages name it.
    func described(point: Int) -> String

    /// The examples on whose loss a network is judged, which neither the network nor a run's other draws change.
    func heldOut(_ count: Int, from generator: inout TorchGenerator) throws -> Examples

    // MARK: In an executor

    /// What runs of a network: its own graph, where nothing but that graph's outputs is measured.
    func graph(of model: any Architecture) -> Graph

    /// Bytes that its bindings take beside an executor of so many samples, where that is more than the samples themselves.
    func bytes(batch: Int) -> Int

    /// The inputs that it feeds and the outputs that it measures, found by their names once, and working memory beside them.
    associatedtype Bindings

    /// Finds the inputs and outputs in an executor of a network that serves this objective.
    func bindings(in executor: Executor) -> Bindings

    /// Called before all samples of a batch go through, in parts where the executor takes fewer: for what only the whole batch tells.
    func begin(_ examples: Examples, samples: Int, in bindings: Bindings)

    /// Puts some of the examples, and what is asked of them, into the first places.
    func feed(_ examples: Examples, _ range: Range<Int>, to bindings: Bindings)

    /// The sum of the errors of the first `count` places after forward.
    func error(of count: Int, in bindings: Bindings) -> Double

    /// How many terms one sample's error has.
    func terms(in bindings: Bindings) -> Int

    /// Writes dL/doutput of the first `count` places, L being the loss over all `samples` of the batch.
    func gradient(of count: Int, among samples: Int, in bindings: Bindings)

    /// What the loss that was computed last is made of, for whoever watches; none where it is one.
    func lossTerms(in bindings: Bindings) -> [LossTerm]
}

/// What an objective says that compares the outputs of a network's own graph, sample by sample, with what it has been given.
extension Objective {
    package func graph(of model: any Architecture) -> Graph { model.graph }
    package func bytes(batch: Int) -> Int { 0 }
    package func begin(_ examples: Examples, samples: Int, in bindings: Bindings) {}
    package func lossTerms(in bindings: Bindings) -> [LossTerm] { [] }
}
