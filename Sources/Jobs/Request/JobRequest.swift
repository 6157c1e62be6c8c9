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

        /// The widths that the result may have: the plan's, where one says what to cut.
        var resultWidths: Widths { plan?.plan.widths ?? widths }
        /// Where a request says them.
        var widthsPointer: String { plan == nil ? "/pruning/widths" : "/pruning/plan/widths" }
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
    /// What an autoencoder's reconstructions are judged by.
    package typealias ErrorMeasure = ReconstructionLoss.Measure

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
        /// Whether nobody said a learning rate.
        var isRateUsual = false
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
        /// Whether a sampler draws the samples; a request that was queued names one then.
        var isSampled = true
        /// How samples are judged.
        var metrics: [EvaluationMetric] = [.ssim, .mse]
        /// The identifier of the pictures, or of statistics, that sets of samples are compared with; the job's own that are held out when nil.
        var reference: String?
        /// The identifier of what makes features of them; the original's middle when nil.
        var extractor: String?
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

    /// The network that the request names; what the checkpoint is of when nil.
    var component: Component? { pruning?.component }

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
}
