import Documents
import Engine
import Foundation

/// The memory that each phase of a job takes, in bytes: what it holds whatever the batch, and the batch as ``BatchPlan`` fits it in.
///
/// It depends on nothing but the request, the models and the limit, so that the same job is cut into the same parts every time.
struct JobMemory {
    /// One phase.
    struct Phase {
        /// Weights, gradients, averages, pictures: what is there whatever the batch.
        let fixed: Int
        /// What is left for activations.
        let activations: Int
        /// How the batch goes through in that.
        let plan: BatchPlan?

        /// What the phase will hold at most.
        var bytes: Int { fixed + (plan?.bytes ?? 0) }
    }

    /// Scoring; nil where it is skipped or needs no gradients.
    let scoring: Phase?
    /// The cut; nil where it is skipped.
    let pruning: Phase?
    /// Fine-tuning; nil where it is skipped.
    let finetuning: Phase?
    /// Evaluation; nil where it is skipped.
    let evaluating: Phase?
    /// What a job may hold at once.
    let limit: Int

    /// What the server itself takes beside its jobs.
    private static let server = 128 << 20

    /// - Parameters:
    ///   - after: what pruning leaves of `before`; the same where nothing is pruned.
    ///   - pictures: how many the dataset has.
    ///   - limit: bytes that the process may hold.
    init(_ request: JobRequest, before: any Architecture, after: any Architecture, pictures: Int, limit: Int, parallel: Parallel) {
        let available = max(0, limit - Self.server)
        self.limit = limit
        let float = MemoryLayout<Float>.stride
        let sample = before.sampleShape.count
        let (before, after) = (before.graph, after.graph)
        let (whole, rest) = (before.parameterCount * float, after.parameterCount * float)
        let cache = min(StoredPictures.cacheLimit, pictures * sample)

        func phase(_ fixed: Int, _ plan: (Int) -> BatchPlan?) -> Phase {
            let activations = max(0, available - fixed)
            return Phase(fixed: fixed, activations: activations, plan: plan(activations))
        }
        scoring = request.pruning.flatMap { pruning in
            guard pruning.needsGradients else { return nil }
            // The model and its gradients; pictures and noise.
            return phase(cache + 2 * whole + 3 * pruning.batchSize * sample * float) {
                Scoring.plan(before, batch: pruning.batchSize, memory: $0, parallel: parallel)
            }
        }
        pruning = request.pruning.map { pruning in
            // The model, its gradients, and the result before and after it is laid out.
            phase((pruning.needsGradients ? 2 : 1) * whole + 2 * rest) { _ in nil }
        }
        finetuning = request.finetuning.map { settings in
            // Weights, gradients, two moments and an average.
            let copies = settings.emaDecay > 0 ? 5 : 4
            return phase(cache + copies * rest + 3 * settings.batchSize * sample * float) {
                FineTuner.plan(after, batch: settings.batchSize, memory: $0, parallel: parallel)
            }
        }
        evaluating = request.evaluation.map { evaluation in
            // One stage after the other; samples, their noise, and the pictures of each stage.
            phase(cache + whole + 4 * evaluation.samples * sample * float) {
                Sampling.plan(before, samples: evaluation.samples, memory: $0, parallel: parallel)
            }
        }
    }

    /// The most of any phase.
    var peak: Int { [scoring, pruning, finetuning, evaluating].compactMap { $0?.bytes }.max() ?? 0 }

    /// What no phase could hold even with one sample at a time: where the request asks for it, and how many bytes.
    var excess: [(pointer: String, bytes: Int)] {
        let limit = limit - Self.server
        let phases = [
            ("/pruning", [scoring, pruning].compactMap { $0?.bytes }.max()), ("/finetuning", finetuning?.bytes),
            ("/evaluation", evaluating?.bytes),
        ]
        return phases.compactMap { pointer, bytes in bytes.flatMap { $0 > limit ? (pointer, $0) : nil } }
    }

    /// By phase, as the contract names them.
    var json: JSON {
        [
            "scoring": .optional(scoring?.bytes), "pruning": .optional(pruning?.bytes), "finetuning": .optional(finetuning?.bytes),
            "evaluating": .optional(evaluating?.bytes), "peak": .integer(peak), "limit": .integer(limit),
        ]
    }
}

extension Graph {
    /// Bytes that one sample takes on its way through the model, without weights.
    func sampleBytes(_ parallel: Parallel) -> Int {
        activationBytes(batch: 1, isTraining: false, preparedLimit: 0, parallel: parallel)
    }
}
