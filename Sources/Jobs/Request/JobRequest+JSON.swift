import Documents
import Engine

extension JobRequest {
    /// The request with every default filled in, but for the webhook: its secret is told to no one.
    package var json: JSON {
        [
            "checkpoint": .string(checkpoint), "dataset": .optional(dataset), "name": .optional(name), "metadata": metadata,
            "priority": .integer(priority), "recipe": .string(recipe.rawValue), "dtype": .optional(dtype?.rawValue),
            "objective": objective?.json ?? .null, "pruning": pruning?.json ?? .null,
            "finetuning": finetuning?.json ?? .null,
            "evaluation": evaluation?.json(isOfSamples: objective == nil) ?? .null,
        ]
    }
}

extension JobRequest.Pruning {
    fileprivate var json: JSON {
        let whose: [JSON.Member] = [.init("component", .optional(component?.rawValue))]
        let refitted: [JSON.Member] = [.init("reconstruction", reconstruction?.json ?? .null)]
        if let plan { return JSON.object(whose).adding([.init("plan", plan.json)] + refitted) }
        // Autoencoders and generators are told no timesteps.
        let points: [JSON.Member] =
            component?.isAutoencoder ?? false || component == .generator
            ? [.init("samples", .optional(samples))]
            : [
                .init("time_embedding", .string(timeEmbedding.rawValue)),
                .init("timesteps", ["first": .integer(first), "last": last.map(JSON.integer) ?? .null, "stride": .integer(stride)]),
            ]
        return JSON.object(whose + [.init("method", .string(method.rawValue)), extent.member]).adding(
            [
                .init("widths", .string(widths.rawValue)), .init("allocation", .string(allocation.rawValue)), .init("depth", .bool(depth)),
                .init("threshold", threshold.map(JSON.double) ?? "auto"),
            ] + points + [.init("batch_size", .integer(batchSize)), .init("seed", .integer(seed))] + refitted)
    }
}

extension ReconstructionLoss {
    fileprivate var json: JSON { ["error": .string(error.rawValue), "kl_weight": .double(divergence)] }
}

extension JobRequest.Reconstruction {
    fileprivate var json: JSON { ["samples": .integer(refit.samples), "ridge": .double(ridge), "seed": .integer(seed)] }
}

extension JobRequest.Finetuning {
    fileprivate var json: JSON {
        [
            "steps": .integer(training.steps), "batch_size": .integer(training.batchSize),
            "learning_rate": .double(training.learningRate), "warmup_steps": .integer(training.warmupSteps),
            "schedule": .string(training.schedule.rawValue), "optimizer": .string(training.optimizer.rawValue),
            "weight_decay": .double(training.weightDecay),
            "ema_decay": .double(training.emaDecay), "gradient_clip": .optional(training.gradientClip), "flip": .bool(training.flip),
            "seed": .integer(training.seed), "distillation": distillation?.json ?? .null,
            "unconditional_probability": .optional(unconditionalProbability),
        ]
    }
}

extension ImitationShares {
    fileprivate var json: JSON { ["output": .double(output), "features": .double(features), "task": .double(task)] }
}

extension JobRequest.Evaluation {
    /// - Parameter isOfSamples: whether samples are drawn, rather than pictures reconstructed.
    fileprivate func json(isOfSamples: Bool) -> JSON {
        guard isOfSamples else { return ["samples": .integer(samples), "seed": .integer(seed)] }
        let sampler: [JSON.Member] = [
            .init("sampler", .string(method.rawValue)), .init("steps", .integer(steps)), .init("eta", .double(eta)),
        ]
        let guidance: [JSON.Member] = [.init("guidance_scale", .double(guidanceScale))]
        return JSON.object([.init("samples", .integer(samples))]).adding(
            (isSampled ? sampler : []) + [.init("seed", .integer(seed))] + (isSampled ? guidance : []) + [
                .init("metrics", .array(metrics.map { .string($0.rawValue) })), .init("reference", .optional(reference)),
                .init("extractor", .optional(extractor)), .init("keep_samples", .bool(keepsSamples)),
            ])
    }
}
