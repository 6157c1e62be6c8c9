/// Imitating a teacher, beside an objective of the student's own (distillation, arXiv 1503.02531; of features, arXiv 2305.15798): a sum of
/// up to three terms, by their shares,
///
/// - output: mean((s - t)²), s and t what student and teacher give on the same inputs;
/// - features: the mean over blocks of mean((s_b - t_b)²) / mean(t_b²), s_b and t_b what block b of either gives at the channels that the
///   student has, so that blocks of large and of small numbers count alike;
/// - task: the objective's own loss.
///
/// Examples are the objective's, drawn as it draws them. The means are those of the whole batch, in whatever parts it goes through.
package struct Imitation<Base: Objective>: Objective {
    package static var name: ObjectiveName { Base.name }

    private let base: Base
    private let teacher: TrainedModel
    private let student: any Architecture
    /// Of the teacher's channels at its outputs, those that the student has; of outputs that are not named all.
    private let kept: [String: [Int]]
    /// They sum to one.
    private let shares: ImitationShares
    private let parallel: Parallel

    /// - Parameters:
    ///   - base: what both networks can serve.
    ///   - student: the network that is to be trained.
    ///   - kept: of the teacher's channels at each of its blocks, by the name of the node, those that the student has; nil of a name is all.
    /// - Throws: ``GraphError/shape(node:expected:found:)`` where the student does not have such channels.
    package init(
        _ base: Base, of teacher: TrainedModel, by student: any Architecture, kept: [String: [Int]], shares: ImitationShares,
        parallel: Parallel
    ) throws(GraphError) {
        self.base = base
        self.teacher = teacher
        self.student = student
        self.kept = kept
        self.shares = shares.normalized
        self.parallel = parallel
        let (given, wanted) = (shares.graph(of: teacher.model), shares.graph(of: student))
        for (place, output) in wanted.outputs.enumerated() {
            let found = wanted.nodes[output.node].shape
            // Where the student lacks layers its blocks end with others.
            guard let taught = given.outputs.dropFirst(place).first else {
                throw .shape(node: output.name, expected: "an output of both networks", found: "none of the teacher's")
            }
            let whole = given.nodes[taught.node].shape
            let channels = kept[taught.name] ?? Array(0..<whole.channels)
            guard channels.allSatisfy({ (0..<whole.channels).contains($0) }), whole.with(channels: channels.count) == found else {
                throw .shape(node: output.name, expected: "\(channels.count) channels of \(whole)", found: "\(found)")
            }
        }
    }

    // MARK: Examples

    package typealias Examples = Base.Examples

    package var available: Int { base.available }

    package func draw(_ count: Int, mirroring: Bool, from generator: inout TorchGenerator) throws -> Examples {
        try base.draw(count, mirroring: mirroring, from: &generator)
    }

    package func scoring(_ count: Int, from generator: inout TorchGenerator) throws -> Examples {
        try base.scoring(count, from: &generator)
    }

    package func scoring(_ examples: Examples, at point: Int) throws -> Examples { try base.scoring(examples, at: point) }

    package func described(point: Int) -> String { base.described(point: point) }

    package func heldOut(_ count: Int, from generator: inout TorchGenerator) throws -> Examples {
        try base.heldOut(count, from: &generator)
    }

    // MARK: In an executor

    package func graph(of model: any Architecture) -> Graph { shares.graph(of: model) }

    package func bytes(batch: Int) -> Int { shares.bytes(batch: batch, teacher: teacher.model, student: student, parallel: parallel) }

    /// The objective's own, and the teacher at work.
    package struct Bindings {
        let base: Base.Bindings
        let lesson: Lesson
    }

    package func bindings(in executor: Executor) -> Bindings {
        let graph = shares.output + shares.features > 0 ? shares.graph(of: teacher.model) : nil
        let lesson = Lesson(
            graph, teacher.weights, for: executor, predictions: student.graph.outputs.count, kept: kept, parallel: parallel)
        return Bindings(base: base.bindings(in: executor), lesson: lesson)
    }

    /// Has the teacher go through the whole batch first where its blocks' mean squares are asked for: from the last part to the first, which
    /// is the next that the student sees.
    package func begin(_ examples: Examples, samples: Int, in bindings: Bindings) {
        let lesson = bindings.lesson
        lesson.begin(samples)
        base.begin(examples, samples: samples, in: bindings.base)
        guard shares.features > 0 else { return }
        for start in stride(from: 0, to: samples, by: lesson.batch).reversed() {
            let part = start..<min(samples, start + lesson.batch)
            feed(examples, part, to: bindings)
            lesson.measure(part.count)
        }
    }

    package func feed(_ examples: Examples, _ range: Range<Int>, to bindings: Bindings) {
        base.feed(examples, range, to: bindings.base)
        bindings.lesson.teach(range)
    }

    /// A sample's error is its part of the loss.
    package func terms(in bindings: Bindings) -> Int { 1 }

    package func error(of count: Int, in bindings: Bindings) -> Double {
        let lesson = bindings.lesson
        let task = base.error(of: count, in: bindings.base) / Double(base.terms(in: bindings.base))
        let output = shares.output > 0 ? lesson.output(of: count) : 0
        let features = shares.features > 0 ? lesson.features(of: count) : 0
        lesson.note(output: output, features: features, task: task)
        return shares.output * output + shares.features * features + shares.task * task
    }

    package func gradient(of count: Int, among samples: Int, in bindings: Bindings) {
        let (lesson, task) = (bindings.lesson, Float(shares.task))
        base.gradient(of: count, among: samples, in: bindings.base)
        for prediction in lesson.predictions {
            guard let gradient = prediction.gradient else { continue }
            Elementwise.map(count * prediction.shape.count, gradient, into: gradient) { $0 * task }
        }
        lesson.gradient(of: count, among: samples, output: shares.output, features: shares.features)
    }

    package func lossTerms(in bindings: Bindings) -> [LossTerm] {
        let means = bindings.lesson.means
        return [("output", shares.output, means.output), ("features", shares.features, means.features), ("task", shares.task, means.task)]
            .compactMap { name, share, mean in share > 0 ? LossTerm(name: name, value: mean) : nil }
    }
}
