/// A teacher at work beside its student: what it gives on the student's inputs, and how far the student is from that.
final class Lesson {
    /// An output of the student's beside the teacher's at the channels that the student has.
    private struct Subject {
        let error: MeanSquaredError
        let source: Executor.Binding
        let kept: [Int]
        /// The mean over the whole batch of the squares of what the teacher gives.
        var meanSquare = 0.0
    }

    /// Samples of both executors.
    let batch: Int
    /// What the student gives by its own graph.
    let predictions: [Executor.Binding]

    /// Nil where nothing of the teacher's is asked for.
    private let teacher: Executor?
    private let inputs: [(student: Executor.Binding, teacher: Executor.Binding)]
    private var outputs: [Subject]
    private var blocks: [Subject]
    private let parallel: Parallel
    /// Samples of the whole batch.
    private var samples = 0
    /// The part of the batch that the teacher was shown last.
    private var shown: Range<Int>?
    private var sums = (output: 0.0, features: 0.0, task: 0.0)

    /// - Parameters:
    ///   - graph: the teacher's, with the outputs that the student's has; nil where it is not needed.
    ///   - executor: the student's.
    ///   - predictions: how many of its outputs are those of its own graph, the first; the others are blocks'.
    ///   - kept: of the teacher's channels, those that the student has, by the teacher's output; nil of a name is all.
    init(
        _ graph: Graph?, _ weights: Weights, for executor: Executor, predictions: Int, kept: [String: [Int]], parallel: Parallel
    ) {
        batch = executor.batch
        self.parallel = parallel
        self.predictions = Array(executor.outputs.prefix(predictions))
        // Its weights never change, but what is prepared of them takes more memory than they do.
        let teacher = graph.map { Executor(graph: $0, weights: weights, batch: executor.batch, preparedLimit: 0, parallel: parallel) }
        self.teacher = teacher
        inputs = executor.inputs.compactMap { input in teacher.map { (student: input, teacher: $0.input(input.name)) } }
        // In the order of either: where the student lacks layers its blocks end with others.
        let subjects = zip(executor.outputs, teacher?.outputs ?? []).map { output, source in
            Subject(
                error: MeanSquaredError(output, batch: executor.batch), source: source,
                kept: kept[source.name] ?? Array(0..<source.shape.channels))
        }
        outputs = Array(subjects.prefix(predictions))
        blocks = Array(subjects.dropFirst(predictions))
    }

    // MARK: The teacher

    /// Begins with another batch.
    func begin(_ samples: Int) {
        self.samples = samples
        shown = nil
        sums = (0, 0, 0)
        for block in blocks.indices { blocks[block].meanSquare = 0 }
    }

    /// Has the teacher go through what the student's inputs hold, the given part of the batch, unless it has just done so.
    func teach(_ part: Range<Int>) {
        guard let teacher, shown != part else { return }
        for (student, teacher) in inputs { teacher.values.update(from: student.values, count: batch * student.shape.count) }
        teacher.forward()
        for subject in outputs + blocks { take(part.count, subject) }
        shown = part
    }

    /// Takes over what the teacher gives at the student's channels.
    private func take(_ count: Int, _ subject: Subject) {
        let (source, target, kept) = (subject.source, subject.error.target.pointer, subject.kept)
        let channels = source.shape.channels
        parallel.ranges(count * source.shape.pixels, grain: 256) { pixels in
            for pixel in pixels {
                let (from, to) = (source.values + pixel * channels, target + pixel * kept.count)
                for (place, channel) in kept.enumerated() { to[place] = from[channel] }
            }
        }
    }

    /// Counts what the teacher's blocks give for the part that it was shown last into their mean squares.
    func measure(_ count: Int) {
        for block in blocks.indices {
            let error = blocks[block].error
            blocks[block].meanSquare += error.targetSquares(of: count) / Double(samples * error.terms)
        }
    }

    // MARK: The student

    private var numbers: Int { outputs.reduce(0) { $0 + $1.error.terms } }

    /// The sum over the first `count` samples of their means of the squared differences at the outputs.
    func output(of count: Int) -> Double { outputs.reduce(0) { $0 + $1.error.sum(of: count) } / Double(numbers) }

    /// The sum over the first `count` samples of their mean over blocks of the squared differences' mean over the teacher's mean square.
    func features(of count: Int) -> Double {
        blocks.reduce(0) { $0 + $1.error.sum(of: count) / Double($1.error.terms) * weight($1) }
    }

    /// A block whose teacher gives nothing but zeros has no scale to be measured by: it does not count.
    private func weight(_ block: Subject) -> Double {
        block.meanSquare > 0 ? 1 / (Double(blocks.count) * block.meanSquare) : 0
    }

    /// Adds to dL/dy of the outputs and writes that of the blocks, by the shares that they have in the loss L.
    func gradient(of count: Int, among samples: Int, output: Double, features: Double) {
        if output > 0 {
            for subject in outputs {
                let share = output * Double(subject.error.terms) / Double(numbers)
                subject.error.gradient(of: count, among: samples, share: Float(share), adding: true)
            }
        }
        for block in blocks { block.error.gradient(of: count, among: samples, share: Float(features * weight(block))) }
    }

    /// Counts the terms of some samples in, each summed over them.
    func note(output: Double, features: Double, task: Double) {
        sums = (sums.output + output, sums.features + features, sums.task + task)
    }

    /// The terms over the samples that were counted in, which are all.
    var means: (output: Double, features: Double, task: Double) {
        let samples = Double(samples)
        return (sums.output / samples, sums.features / samples, sums.task / samples)
    }
}
