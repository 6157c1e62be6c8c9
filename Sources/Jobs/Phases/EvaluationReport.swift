import Documents
import Engine

/// What an evaluation tells of the stages before and after.
struct EvaluationReport {
    private let settings: JobRequest.Evaluation
    private let stages: [EvaluationRecord.Drawn]
    private let pictures: [Pictures]
    /// What an autoencoder's pictures were made of.
    private let originals: HeldOutPictures?
    private let hasPruned: Bool
    private let hasTuned: Bool

    /// - Parameter stages: the original first, then what pruning and what fine-tuning left, as far as there is.
    init(
        _ settings: JobRequest.Evaluation, stages: [EvaluationRecord.Drawn], pictures: [Pictures], originals: HeldOutPictures?,
        hasPruned: Bool, hasTuned: Bool
    ) {
        (self.settings, self.stages, self.pictures, self.originals) = (settings, stages, pictures, originals)
        (self.hasPruned, self.hasTuned) = (hasPruned, hasTuned)
    }

    /// Of each stage, what is told of it by name; the last is told twice where only pruning has made it.
    func named<Value>(_ values: [Value]) -> (before: Value, pruned: Value?, after: Value) {
        (values[0], hasPruned ? values[1] : nil, values[values.count - 1])
    }

    /// Pictures by the names of files.
    func shown(_ pictures: [Pictures]) -> [(name: String, pictures: Pictures)] {
        let named = named(pictures)
        return [
            ("before", named.before), ("pruned", named.pruned), ("after", named.after), ("originals", originals?.pictures),
        ].compactMap { name, pictures in pictures.map { (name, $0) } }
    }

    /// Whether fine-tuning has made the held-out loss larger.
    var warnings: [Warning] {
        let losses = named(stages.map(\.loss))
        guard hasTuned, let before = losses.pruned ?? losses.before, let after = losses.after, !(after <= before) else { return [] }
        let figures = "\(LossGrowth.shown(before)) before and \(LossGrowth.shown(after)) after it"
        return [Warning(.heldOutLossRose, "fine-tuning made the held-out loss larger: \(figures)")]
    }

    /// The contract's `evaluation` object, without what judges sets.
    ///
    /// - Parameters:
    ///   - words: what each sample is of.
    ///   - foretold: which share of the original's time the result was to take.
    func json(words: [String]?, foretold: Double?) -> JSON {
        let (losses, seconds) = (named(stages.map(\.loss)), named(stages.map { $0.seconds / Double(max(1, pictures[0].count)) }))
        let (before, after) = (pictures[0].prefix(Evaluating.mostPairs), pictures[pictures.count - 1].prefix(Evaluating.mostPairs))
        let ssim = settings.metrics.contains(.ssim) ? StructuralSimilarity.perSample(before, after) : nil
        let mse = settings.metrics.contains(.mse) ? before.meanSquaredError(to: after) : nil
        let paces: JSON = [
            "before": .double(seconds.before), "after": .double(seconds.after),
            "predicted": .optional(foretold.map { $0 * seconds.before }),
        ]
        let report: JSON = [
            "loss": ["before": .optional(losses.before), "pruned": .optional(losses.pruned ?? nil), "after": .optional(losses.after)],
            "ssim": [
                "mean": .optional(ssim.map { $0.reduce(0, +) / Double($0.count) }),
                "per_sample": ssim.map { .array($0.map(JSON.double)) } ?? nil,
            ],
            "mse": ["mean": .optional(mse)],
            "seconds_per_sample": paces,
            "conditions": words.map { .array($0.map(JSON.string)) } ?? .null,
            "reference": .null, "mind": .null, "mind_pixels": .null, "kid": .null, "frechet": .null,
            "fid": .null,
        ]
        return report.adding(reconstruction)
    }

    private var reconstruction: [JSON.Member] {
        let named = named(pictures)
        return originals.map { [.init("reconstruction", $0.json(named.before, named.pruned, named.after))] } ?? []
    }

    // MARK: Sets

    /// What sets of samples were compared with: pictures of a dataset, or of the job's own, or statistics of pictures that nobody counted.
    struct Reference {
        let dataset: String?
        let statistics: String?
        let count: Int?
    }

    /// What judges sets, by the names of the contract.
    ///
    /// - Parameters:
    ///   - extractor: what makes features.
    ///   - resize: how pictures come to its size; nil where they have it.
    func json(
        _ figures: [PictureJudge.Figures], _ reference: Reference, extractor: JSON, resize: String?
    ) -> [String: JSON] {
        let shape = pictures[0]
        let box = "box to \(shape.width)x\(shape.height)"
        let pixels: JSON = ["name": "pixels", "features": .integer(shape.dimensions)]
        func object(_ values: [JSON], _ extractor: JSON, _ resize: String?, _ more: [JSON.Member]) -> JSON {
            let named = named(values)
            return JSON.object([
                .init("before", named.before), .init("pruned", named.pruned ?? .null), .init("after", named.after),
                .init("n", .integer(settings.samples)), .init("reference_n", .optional(reference.count)), .init("extractor", extractor),
                .init("resize", .string(box + (resize.map { ", \($0)" } ?? ""))),
            ]).adding(more)
        }
        let slices = SlicedWasserstein()
        let sliced: [JSON.Member] = [
            .init("directions", .integer(slices.directions)), .init("seed", .integer(slices.seed)),
        ]
        var members: [String: JSON] = [
            "reference": [
                "dataset": .optional(reference.dataset), "statistics": .optional(reference.statistics), "n": .optional(reference.count),
            ]
        ]
        if settings.metrics.contains(.mind) {
            members["mind"] = object(figures.map { .optional($0.mind) }, extractor, resize, sliced)
            members["mind_pixels"] = object(figures.map { .optional($0.mindOfPixels) }, pixels, nil, sliced)
        }
        if let kid = figures.first?.kid {
            let deviation = named(figures.map { JSON.optional($0.kid?.deviation) })
            members["kid"] = object(
                figures.map { .optional($0.kid?.mean) }, extractor, resize,
                [
                    .init(
                        "deviation",
                        ["before": deviation.before, "pruned": deviation.pruned ?? .null, "after": deviation.after]),
                    .init("subsets", .integer(kid.subsets)), .init("subset_size", .integer(kid.subsetSize)),
                ])
        }
        for metric in settings.setMetrics where metric.comparesStatistics {
            members[metric.rawValue] = object(figures.map { .optional($0.frechet) }, extractor, resize, [])
        }
        return members
    }
}
