import Documents
import Engine

/// How the parts of a request are read: what is left out takes the recipe's, and what is wrong is noted by the reader.
extension JobRequest {
    private static let seeds = 0...Int.max

    static func objective(_ reader: inout ObjectReader) -> ReconstructionLoss {
        ReconstructionLoss(error: reader.word("error", default: .mse), divergence: reader.number("kl_weight", in: 0...1e6, default: 0))
    }

    /// - Parameter pruning: what fields that are left out take.
    static func pruning(_ reader: inout ObjectReader, _ pruning: Pruning) -> Pruning {
        var pruning = pruning
        pruning.component = reader.optionalWord("component")
        pruning.given = reader.given(["method", "widths", "threshold", "time_embedding", "timesteps", "samples"])
        let isReconstructed = reader.names("reconstruction")
        if isReconstructed { pruning.given.insert("reconstruction") }
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
        // It leaves out nothing, which is what networks without timesteps do.
        if pruning.threshold == 0 { pruning.given.remove("threshold") }
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
    static func finetuning(_ reader: inout ObjectReader, _ recipe: Recipe, _ optimizer: Optimizer?) -> Finetuning {
        let known = reader.errors.count
        let distillation = reader.object("distillation", Self.distillation)
        if let distillation, distillation.sum == 0, reader.errors.count == known {
            reader.refuse("distillation", "must give output, features or task a weight above 0")
        }
        let unconditional = reader.optionalNumber("unconditional_probability", in: 0...1)
        let (isBatchUsual, isRateUsual) = (!reader.isGiven("batch_size"), !reader.isGiven("learning_rate"))
        return Finetuning(
            training: training(&reader, recipe, optimizer), isBatchUsual: isBatchUsual, isRateUsual: isRateUsual,
            distillation: distillation,
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

    static func evaluation(_ reader: inout ObjectReader) -> Evaluation {
        var evaluation = Evaluation()
        evaluation.given = reader.given(["sampler", "steps", "eta", "guidance_scale", "metrics", "reference", "extractor", "keep_samples"])
        evaluation.isSampled = reader.names("sampler")
        evaluation.samples = reader.integer("samples", in: 1...mostSamples, default: evaluation.samples)
        evaluation.method = reader.word("sampler", default: evaluation.method)
        evaluation.areStepsUsual = !reader.isGiven("steps")
        evaluation.steps = reader.integer("steps", in: 1...Int.max, default: evaluation.steps)
        evaluation.eta = reader.number("eta", in: 0...1, default: evaluation.eta)
        evaluation.seed = reader.integer("seed", in: seeds, default: evaluation.seed)
        evaluation.guidanceScale = reader.number("guidance_scale", in: 0...100, default: evaluation.guidanceScale)
        evaluation.metrics = reader.words("metrics", default: evaluation.metrics)
        evaluation.reference = reader.text("reference")
        evaluation.extractor = reader.text("extractor")
        evaluation.keepsSamples = reader.flag("keep_samples", default: evaluation.keepsSamples)
        return evaluation
    }

    /// As many as a Fréchet distance is usually taken of.
    private static let mostSamples = 50_000
}
