import Documents
import Engine
import Foundation
import Media

/// The evaluation phase: held-out losses, samples from the same noise before and after, how alike they are, and grids of them.
struct JobEvaluation {
    let settings: JobRequest.Evaluation
    /// Bytes for activations.
    let memory: Int
    let parallel: Parallel
    let stages: JobStages
    let pictures: PictureSet?

    /// What one stage gives.
    private struct Outcome {
        var loss: Double?
        let secondsPerSample: Double
        let pictures: Pictures
    }

    /// Evaluates every stage and hands the contract's `evaluation` object to `write`.
    ///
    /// - Returns: PNG grids by file name.
    func run(_ reporter: JobProgressReporter, write: (JSON) throws -> Void) throws -> [(name: String, bytes: [UInt8])] {
        let results = [stages.pruned, stages.finetuned].compactMap { $0 }
        let steps = settings.sampling.steps
        try reporter.begin(.evaluating, total: (1 + results.count) * (steps + (pictures == nil ? 0 : 1)))
        let held = try pictures.map {
            try HeldOutLoss(NoisePrediction($0, alphasCumprod: stages.original.schedule.alphasCumprod), seed: settings.seed &+ 1)
        }

        let before = try evaluate(stages.original, held, reporter)
        let pruned = try stages.pruned.map { try evaluate($0, held, reporter) }
        let after = try stages.finetuned.map { try evaluate($0, held, reporter) } ?? pruned ?? before

        let ssim = StructuralSimilarity.perSample(before.pictures, after.pictures)
        try write([
            "loss": ["before": .optional(before.loss), "pruned": .optional(pruned?.loss), "after": .optional(after.loss)],
            "ssim": [
                "mean": .optional(ssim.map { $0.reduce(0, +) / Double($0.count) }),
                "per_sample": ssim.map { .array($0.map(JSON.double)) } ?? nil,
            ],
            "mse": ["mean": .double(before.pictures.meanSquaredError(to: after.pictures))],
            "seconds_per_sample": ["before": .double(before.secondsPerSample), "after": .double(after.secondsPerSample)],
        ])
        return try [("before", before), ("pruned", pruned), ("after", after)].compactMap { name, outcome in
            guard let outcome else { return nil }
            let grid = SampleGrid(outcome.pictures)
            return (
                "samples_\(name).png",
                try PNGEncoder.encode(Picture(width: grid.width, height: grid.height, channels: grid.channels, pixels: grid.bytes))
            )
        }
    }

    private func evaluate(_ stage: JobStages.Stage, _ held: HeldOutLoss?, _ reporter: JobProgressReporter) throws -> Outcome {
        let checkpoint = try stage.checkpoint.load()
        let loss = held?.evaluate(checkpoint.trained, memory: memory, parallel: parallel)
        if held != nil { try reporter.step() }
        let start = JobProgressReporter.now()
        let samples = try settings.sampling.run(checkpoint.trained, schedule: checkpoint.schedule, memory: memory, parallel: parallel) {
            _ in
            try reporter.step()
        }
        let seconds = JobProgressReporter.now() - start
        let shape = checkpoint.trained.model.sampleShape
        let pictures = samples.withUnsafeBufferPointer {
            Pictures(count: settings.samples, channels: shape.channels, height: shape.height, width: shape.width, quantizing: $0)
        }
        return Outcome(loss: loss, secondsPerSample: seconds / Double(settings.samples), pictures: pictures)
    }
}
