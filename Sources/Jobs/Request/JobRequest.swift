import Documents
import Engine
import Storage

/// A job as it was asked for, with every default filled in.
package struct JobRequest: Sendable {
    struct Pruning: Sendable {
        /// The network that is meant; what the checkpoint is of when nil.
        var component: Component?
        var method = PruningMethod.diffPruning
        var extent = CutExtent.ratio(0.3)
        var widths = Widths.diffusers
        var timeEmbedding = TimeEmbeddingRule.table
        var allocation = Allocation.uniform
        /// Whether a cut to a target may leave out layers, too.
        var depth = false
        /// Chosen when all timesteps are through when nil.
        var threshold: Double? = PruningMethod.diffPruning.defaultThreshold
        var first = 0
        /// The noise schedule's last step when nil.
        var last: Int?
        var stride = 1
        /// Pictures that an autoencoder is scored over, in batches; as many as is usual when nil.
        var samples: Int?
        var batchSize = 16
        /// Whether nobody said how many pictures: fewer will do where there are fewer.
        var isBatchUsual = false
        var seed = 0
        /// How what is left is refitted to the original.
        var reconstruction: Reconstruction?
        /// What to cut, decided beforehand; then nothing else here counts but the reconstruction.
        var plan: PlanPayload?
        /// The fields that the request names.
        var given: Set<String> = []

        /// Whether the channels are ranked by gradients on pictures.
        var needsGradients: Bool { plan == nil && method.needsGradients }
        /// Whether what pruning leaves is known before the channels are ranked.
        var isForeseen: Bool { plan != nil || allocation == .uniform && !(depth && extent.target != nil) && search == nil && !isTimed }
        /// Whether the cut goes by how long networks take, which is measured when it is made.
        var isTimed: Bool { plan == nil && extent.target?.limits[.secondsPerSample] != nil }
        /// By what the cut is looked for among those that are made for it; nil where it is known without.
        var search: LossSearch.Rule? { plan == nil ? extent.rule : nil }
    }

    struct Reconstruction: Sendable {
        /// As many as memory holds when nil, up to ``Refit``'s own.
        var samples: Int?
        /// Whether the job is refused where memory holds too few samples, as it was asked for and is not the recipe's.
        var isRequired = true
        var ridge = Refit().ridge
        var seed = Refit().seed

        var refit: Refit {
            var refit = Refit()
            refit.samples = samples ?? refit.samples
            (refit.ridge, refit.seed) = (ridge, seed)
            return refit
        }
    }

    /// How channels are ranked.
    package typealias Method = PruningMethod
    /// What widths pruning leaves.
    package typealias Widths = Engine.Widths
    /// What tells the timestep where the first block is cut.
    package typealias TimeEmbeddingRule = Engine.TimeEmbeddingRule
    /// How much of the cut each group bears.
    package typealias Allocation = Engine.Allocation
    /// What draws samples.
    package typealias Sampler = Sampling.Method

    /// How the learning rate goes.
    package typealias Schedule = LearningRateSchedule
    package typealias Optimizer = OptimizerName

    /// The number formats that results can be written in.
    package enum WeightType: String, CaseIterable {
        case float32, float16, bfloat16

        var scalar: ScalarType {
            switch self {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            }
        }
    }

    struct Finetuning: Sendable {
        var training = FineTuner.Settings()
        /// Whether nobody said how many pictures a step takes: fewer will do where there are fewer.
        var isBatchUsual = false
        /// What is learnt from a teacher; nil where there is none.
        var distillation: ImitationShares?
        /// The share of pictures that a conditional network is shown with the empty condition; as the checkpoint and the dataset have it when
        /// nil.
        var unconditionalProbability: Double?
    }

    struct Evaluation: Sendable {
        var samples = 16
        var method = Sampling.Method.ddim
        var steps = 100
        /// Whether nobody said how many steps: fewer will do where there are fewer timesteps.
        var areStepsUsual = false
        var eta = 0.0
        var seed = 0
        var guidanceScale = 1.0
        /// The fields that the request names.
        var given: Set<String> = []
        /// How samples are judged.
        var metrics: [EvaluationMetric] = [.ssim, .mse]
        /// The identifier of the pictures that sets of samples are compared with; the job's own that are held out when nil.
        var reference: String?
        /// Whether every sample is to be had, and not only those in the grid.
        var keepsSamples = false

        /// Those of ``metrics`` that compare sets.
        var setMetrics: [EvaluationMetric] { metrics.filter(\.isOfSets) }
        /// Of the held-out loss.
        var heldOutSeed: Int { seed &+ 1 }

        var sampling: Sampling {
            Sampling(samples: samples, method: method, steps: steps, eta: eta, seed: seed, guidanceScale: guidanceScale)
        }
    }

    /// The identifier of what it is about.
    package let checkpoint: String
    /// The identifier of its pictures, if it has any.
    package let dataset: String?
    /// What it is called.
    package let name: String?
    /// What its client notes of it: an object of texts.
    package let metadata: JSON
    /// Higher ones go first.
    package let priority: Int
    /// What fields that were left out have taken.
    let recipe: Recipe
    /// The format of the results' weights; nil is the checkpoint's own.
    let dtype: WeightType?
    /// What an autoencoder is scored, trained and judged by; the mean squared error when nil.
    var objective: ReconstructionLoss?
    var pruning: Pruning?
    var finetuning: Finetuning?
    var evaluation: Evaluation?
    /// Whom to tell when it ends. No part of what the results are made by: see ``json``.
    package let webhook: Webhook?

    /// Reads a request body.
    ///
    /// - Parameters:
    ///   - isQueued: whether it is a job that was queued. Those say all that their version knew: what they leave out is as it was before
    ///     it could be said.
    ///   - webhook: reads whom to tell, which is no part of the job itself; nil knows no such field.
    /// - Returns: the request, and what is wrong with it: unknown fields, wrong types, numbers out of the bounds that need no checkpoint.
    package static func read(
        _ body: JSON, isQueued: Bool = false, webhook: ((inout ObjectReader) -> Webhook)?
    ) -> (request: JobRequest, errors: [FieldError]) {
        var reader = ObjectReader(body)
        let unsaid: Recipe = isQueued ? .paper : .best
        let (recipe, dataset) = (reader.word("recipe", default: unsaid), reader.text("dataset"))
        let request = JobRequest(
            checkpoint: reader.requiredText("checkpoint"),
            dataset: dataset,
            name: reader.name("name"),
            metadata: reader.texts("metadata", limit: 16),
            priority: reader.integer("priority", in: -1000...1000, default: 0),
            recipe: recipe,
            dtype: reader.optionalWord("dtype"), objective: reader.object("objective", Self.objective),
            pruning: reader.object("pruning") {
                var usual = recipe.pruning(hasPictures: dataset != nil)
                if isQueued { usual.depth = false }
                return Self.pruning(&$0, usual)
            },
            finetuning: reader.object("finetuning") { Self.finetuning(&$0, recipe, isQueued ? .adamw : nil) },
            evaluation: reader.object("evaluation", Self.evaluation),
            webhook: webhook.flatMap { reader.object("webhook", $0) })
        if request.pruning == nil, request.finetuning == nil, request.evaluation == nil, reader.errors.isEmpty {
            reader.refuse("pruning", "a job needs at least one of pruning, finetuning and evaluation")
        }
        return (request, reader.finish())
    }

    private static let seeds = 0...Int.max

    /// The network that the request names; what the checkpoint is of when nil.
    var component: Component? { pruning?.component }

    private static func objective(_ reader: inout ObjectReader) -> ReconstructionLoss {
        ReconstructionLoss(error: reader.word("error", default: .mse), divergence: reader.number("kl_weight", in: 0...1e6, default: 0))
    }

    /// - Parameter pruning: what fields that are left out take.
    private static func pruning(_ reader: inout ObjectReader, _ pruning: Pruning) -> Pruning {
        var pruning = pruning
        pruning.component = reader.optionalWord("component")
        pruning.given = reader.given(["method", "threshold", "time_embedding", "timesteps", "samples"])
        let isReconstructed = reader.names("reconstruction")
        if isReconstructed { pruning.reconstruction = reader.object("reconstruction", Self.reconstruction) }
        if let plan = reader.object("plan", PlanPayload.read) {
            reader.refuseRest("cannot be given beside a plan, which decides everything")
            pruning.plan = plan
            pruning.widths = plan.plan.widths
            return pruning
        }
        pruning.method = reader.word("method", default: pruning.method)
        pruning.extent = CutExtent.read(&reader, default: pruning.extent)
        pruning.widths = reader.word("widths", default: pruning.widths)
        pruning.timeEmbedding = reader.word("time_embedding", default: pruning.timeEmbedding)
        pruning.allocation = reader.word("allocation", default: pruning.method == .random ? .uniform : pruning.allocation)
        pruning.depth = reader.flag(
            "depth",
            default: pruning.depth && pruning.extent.target != nil && pruning.allocation == .global && pruning.method.tellsLayersApart)
        if pruning.depth, pruning.extent.target == nil {
            reader.refuse("depth", "needs a target or the ratio \"auto\": another ratio is the share of channels that goes")
        } else if pruning.depth, !pruning.method.tellsLayersApart {
            reader.refuse("depth", "goes by what layers are worth, which the method \(pruning.method.rawValue) does not tell")
        }
        pruning.threshold = reader.number("threshold", in: 0...1, orNil: "auto", default: pruning.method.defaultThreshold)
        if pruning.threshold == nil, !pruning.method.heedsThreshold {
            reader.refuse("threshold", "must be a number with the method \(pruning.method.rawValue), which leaves out no timestep")
        }
        if pruning.method == .scratch {
            if isReconstructed, pruning.reconstruction != nil {
                reader.refuse("reconstruction", "has nothing to go by with the method scratch, whose weights are new")
            }
            pruning.reconstruction = nil
            if pruning.extent.rule != nil {
                reader.refuse(
                    pruning.extent == .auto ? "ratio" : "target",
                    "goes by the loss after the cut, which with the method scratch tells nothing")
            }
        }
        let timesteps = reader.object("timesteps") { reader in
            let first = reader.integer("first", in: 0...Int.max, default: 0)
            let last = reader.integer("last", in: 0...Int.max, default: -1)
            if last >= 0, last < first { reader.refuse("last", "must not be less than first") }
            return (first, last < 0 ? nil : last, reader.integer("stride", in: 1...1_000_000, default: 1))
        }
        if let timesteps { (pruning.first, pruning.last, pruning.stride) = timesteps }
        pruning.samples = reader.optionalInteger("samples", in: 1...1_000_000)
        pruning.isBatchUsual = !reader.isGiven("batch_size")
        pruning.batchSize = reader.integer("batch_size", in: 1...Int.max, default: pruning.batchSize)
        pruning.seed = reader.integer("seed", in: seeds, default: pruning.seed)
        return pruning
    }

    private static func reconstruction(_ reader: inout ObjectReader) -> Reconstruction {
        var reconstruction = Reconstruction()
        reconstruction.samples = reader.optionalInteger("samples", in: 1...65536)
        reconstruction.ridge = reader.number("ridge", in: 1e-9...1e3, default: reconstruction.ridge)
        reconstruction.seed = reader.integer("seed", in: seeds, default: reconstruction.seed)
        return reconstruction
    }

    /// - Parameters:
    ///   - recipe: what fields that are left out take.
    ///   - optimizer: but for this one.
    private static func finetuning(_ reader: inout ObjectReader, _ recipe: Recipe, _ optimizer: Optimizer?) -> Finetuning {
        let known = reader.errors.count
        let distillation = reader.object("distillation", Self.distillation)
        if let distillation, distillation.sum == 0, reader.errors.count == known {
            reader.refuse("distillation", "must give output, features or task a weight above 0")
        }
        let unconditional = reader.optionalNumber("unconditional_probability", in: 0...1)
        let isBatchUsual = !reader.isGiven("batch_size")
        return Finetuning(
            training: training(&reader, recipe, optimizer), isBatchUsual: isBatchUsual, distillation: distillation,
            unconditionalProbability: unconditional)
    }

    private static func distillation(_ reader: inout ObjectReader) -> ImitationShares {
        func weight(_ name: String) -> Double { reader.number(name, in: 0...1e6, default: 0) }
        return ImitationShares(output: weight("output"), features: weight("features"), task: weight("task"))
    }

    private static func training(_ reader: inout ObjectReader, _ recipe: Recipe, _ optimizer: Optimizer?) -> FineTuner.Settings {
        let usual = recipe.finetuning()
        let steps = reader.integer("steps", in: 1...100_000_000, default: usual.steps)
        var settings = recipe.finetuning(steps: steps, optimizer: reader.word("optimizer", default: optimizer ?? usual.optimizer))
        settings.batchSize = reader.integer("batch_size", in: 1...Int.max, default: settings.batchSize)
        settings.learningRate = reader.number("learning_rate", in: 0...1e6, default: settings.learningRate)
        settings.warmupSteps = reader.integer("warmup_steps", in: 0...Int.max, default: settings.warmupSteps)
        settings.schedule = reader.word("schedule", default: settings.schedule)
        settings.weightDecay = reader.number("weight_decay", in: 0...1e6, default: settings.weightDecay)
        settings.emaDecay = reader.number("ema_decay", in: 0...1, default: settings.emaDecay)
        settings.gradientClip = reader.numberOrNull("gradient_clip", in: 0...1e12, default: settings.gradientClip ?? 1)
        settings.flip = reader.flag("flip", default: settings.flip)
        settings.seed = reader.integer("seed", in: seeds, default: settings.seed)
        return settings
    }

    private static func evaluation(_ reader: inout ObjectReader) -> Evaluation {
        var evaluation = Evaluation()
        evaluation.given = reader.given(["sampler", "steps", "eta", "guidance_scale", "metrics", "reference", "keep_samples"])
        evaluation.samples = reader.integer("samples", in: 1...mostSamples, default: evaluation.samples)
        evaluation.method = reader.word("sampler", default: evaluation.method)
        evaluation.areStepsUsual = !reader.isGiven("steps")
        evaluation.steps = reader.integer("steps", in: 1...Int.max, default: evaluation.steps)
        evaluation.eta = reader.number("eta", in: 0...1, default: evaluation.eta)
        evaluation.seed = reader.integer("seed", in: seeds, default: evaluation.seed)
        evaluation.guidanceScale = reader.number("guidance_scale", in: 0...100, default: evaluation.guidanceScale)
        evaluation.metrics = reader.words("metrics", default: evaluation.metrics)
        evaluation.reference = reader.text("reference")
        evaluation.keepsSamples = reader.flag("keep_samples", default: evaluation.keepsSamples)
        return evaluation
    }

    /// As many as a Fréchet distance is usually taken of.
    private static let mostSamples = 50_000

    /// How results are judged, or would be.
    var usualEvaluation: Evaluation { evaluation ?? Evaluation() }

    /// Why this job needs pictures, if it does.
    var datasetNeed: String? {
        if let pruning, pruning.needsGradients { return "the method \(pruning.method.rawValue)" }
        if pruning?.reconstruction != nil { return "the reconstruction" }
        if pruning?.search != nil { return "a cut that is looked for by the held-out loss" }
        return finetuning == nil ? nil : "fine-tuning"
    }

    /// Pictures, or mirrored ones, that phases look at, at most.
    var mostViews: Int {
        let scored = pruning.map { $0.needsGradients ? max($0.batchSize, $0.samples ?? 0) : 0 } ?? 0
        let training = finetuning.map { $0.training.steps.multipliedReportingOverflow(by: $0.training.batchSize) }
        let trained = training.map { $0.overflow ? .max / 2 : min($0.partialValue, .max / 2) } ?? 0
        let refitted = pruning?.reconstruction?.refit.samples ?? 0
        let held = evaluation == nil && pruning?.search == nil ? 0 : HeldOutLoss.largestCount
        return trained + scored + refitted + held
    }

    /// Whether any phase runs the model on pictures or draws them.
    var needsPictures: Bool { datasetNeed != nil || evaluation != nil }

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
        // An autoencoder is told no timesteps.
        let points: [JSON.Member] =
            component?.isAutoencoder ?? false
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
        return [
            "samples": .integer(samples), "sampler": .string(method.rawValue), "steps": .integer(steps), "eta": .double(eta),
            "seed": .integer(seed), "guidance_scale": .double(guidanceScale),
            "metrics": .array(metrics.map { .string($0.rawValue) }), "reference": .optional(reference), "keep_samples": .bool(keepsSamples),
        ]
    }
}
