import Engine
import Foundation

/// The most memory that each phase of a job will hold at once, in bytes, beside what the server itself takes.
struct JobMemory {
    /// Scoring: the model, gradients and one batch; nil where it is skipped or needs no gradients.
    let scoring: Int?
    /// The cut: the model, its gradients and the result twice; nil where it is skipped.
    let pruning: Int?
    /// Fine-tuning: what is kept for evaluation, what is trained with gradients, two moments and an average, and one batch.
    let finetuning: Int?
    /// Evaluation: every stage's weights, and one batch without gradients.
    let evaluating: Int?

    /// What this machine lends a job.
    static var limit: Int { Int(ProcessInfo.processInfo.physicalMemory / 4 * 3) }

    init(_ job: JobValidation.Valid, parallel: Parallel) {
        let (request, before, after) = (job.request, job.model.graph, job.result.graph)
        let isPruned = request.pruning != nil
        func weights(_ graph: Graph) -> Int { graph.parameterCount * MemoryLayout<Float>.stride }
        func batch(_ graph: Graph, _ size: Int, isTraining: Bool) -> Int {
            graph.activationBytes(batch: size, isTraining: isTraining, parallel: parallel)
        }
        let pictures = min(StoredPictures.cacheLimit, job.pictures * before.nodes[0].shape.count)
        let pruned = isPruned ? weights(after) : 0

        scoring = request.pruning.flatMap { pruning in
            guard pruning.needsGradients else { return nil }
            return pictures + 2 * weights(before) + batch(before, pruning.batchSize, isTraining: true)
        }
        pruning = request.pruning.map { ($0.needsGradients ? 2 : 1) * weights(before) + 2 * weights(after) }
        finetuning = request.finetuning.map { settings in
            let copies = settings.emaDecay > 0 ? 5 : 4
            return pictures + weights(before) + pruned + copies * weights(after) + batch(after, settings.batchSize, isTraining: true)
        }
        evaluating = request.evaluation.map { evaluation in
            let tuned = request.finetuning == nil ? 0 : weights(after)
            let samples = 4 * evaluation.samples * before.nodes[0].shape.count * MemoryLayout<Float>.stride
            let sizes = BatchedExecutor.sizes(evaluation.samples, batch: Sampling.batch)
            return pictures + weights(before) + pruned + tuned + samples
                + sizes.reduce(0) { $0 + batch(before, $1, isTraining: false) }
        }
    }

    /// The most of any phase.
    var peak: Int { [scoring, pruning, finetuning, evaluating].compactMap { $0 }.max() ?? 0 }

    /// By phase, as the contract names them.
    var json: JSON {
        [
            "scoring": .optional(scoring), "pruning": .optional(pruning), "finetuning": .optional(finetuning),
            "evaluating": .optional(evaluating), "peak": .integer(peak), "limit": .integer(Self.limit),
        ]
    }
}
