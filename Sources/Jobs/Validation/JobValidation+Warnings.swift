import Engine
import Storage

/// What there is to know of a job before it runs, which does not stop it.
extension JobValidation.Valid {
    /// Pictures that fine-tuning needs so that it does not learn them by heart. Published ones are trained on some thousands.
    static let fewestTraining = 100
    /// Pictures whose loss tells something: one picture in so many moves the mean by a few percent.
    static let fewestHeldOut = 16

    /// All of it.
    package var warnings: [Warning] { timestepTable + lowered + share + larger + counts + assumptions }

    /// As they are stored with the job.
    private var storedWarnings: [JobWarning] { warnings.map { JobWarning($0) } }

    /// As it is put into the queue.
    package var submission: JobSubmission {
        JobSubmission(
            name: request.name, metadata: request.metadata.compact, priority: request.priority, request: request.json.compact,
            checkpoint: request.checkpoint, dataset: request.dataset, reference: request.evaluation?.reference,
            extractor: request.evaluation?.extractor,
            warnings: storedWarnings, webhook: request.webhook)
    }

    private var timestepTable: [Warning] {
        guard let note = result.timestepNote, model.isSinusoidOfFirstBlock else { return [] }
        let detail =
            "the first block will be narrower, so \(note); \"time_embedding\": \"sinusoid\" keeps its width, and any scheduler runs"
        return [Warning(.timestepTable, detail)]
    }

    /// A cut that takes away less than the class of its result brings along.
    private var larger: [Warning] {
        let (before, after) = (model.graph.parameterCount, result.graph.parameterCount)
        guard after > before else { return [] }
        return [
            Warning(
                .resultLarger,
                "the result has \(Markdown.grouped(after)) parameters, the original \(Markdown.grouped(before)): the layers for a mask that an "
                    + "\(result.className) has to have are more than what is cut. It runs faster all the same; a larger ratio makes it smaller"
            )
        ]
    }

    /// Pictures that hardly suffice.
    private var counts: [Warning] {
        var warnings: [Warning] = []
        guard pictures > 0 else { return [] }
        if let finetuning = request.finetuning, pictures < Self.fewestTraining {
            let seen = finetuning.training.steps * finetuning.training.batchSize / pictures
            let times = seen > 1 ? ": each is shown \(seen) times, and learnt by heart" : ""
            warnings.append(
                Warning(
                    .fewTrainingPictures,
                    "fine-tuning has \(pictures.told("picture")), fewer than \(Self.fewestTraining)\(times); send more of what the network "
                        + "was trained on"))
        }
        if request.evaluation != nil, pictures < Self.fewestHeldOut {
            warnings.append(
                Warning(
                    .fewHeldOutPictures,
                    "the held-out loss is the mean over \(pictures.told("picture")), fewer than \(Self.fewestHeldOut): it hardly tells better "
                        + "from worse"))
        }
        return warnings
    }

    /// What was assumed of the checkpoint and the pictures, where the job goes by it.
    private var assumptions: [Warning] {
        guard request.needsPictures else { return [] }
        let checkpoint = source.descriptor.warnings.filter { $0.isAssumption }
        let isDrawn = request.evaluation != nil
        let ofNetwork = checkpoint.filter { isDrawn || $0.code != WarningCode.samplerNotRun.rawValue }.map { $0.told(of: "the checkpoint") }
        let isCaptioned = if case .tokens? = model.condition { encoding?.classes == nil } else { false }
        let ofPictures = (dataset?.warnings ?? []).filter { warning in
            warning.isAssumption && (isCaptioned || warning.code != WarningCode.captionsMissing.rawValue)
        }
        return ofNetwork + ofPictures.map { $0.told(of: "the dataset") }
    }
}

extension JobValidation {
    /// Tells where the widths that a result may have let another share of channels go than was asked for.
    ///
    /// - Parameter kept: how many channels of each group stay.
    static func share(
        _ pruning: JobRequest.Pruning, _ ratio: Double, _ groups: [ChannelGroup], kept: [Int], isEstimate: Bool
    ) -> [Warning] {
        // Groups that keep their own width whatever the ratio are not cut.
        let cut = zip(groups, kept).filter { group, _ in
            if pruning.widths == .diffusers, case .own = group.rule { false } else { true }
        }
        let before = cut.reduce(0) { $0 + $1.0.width }
        guard before > 0, ratio > 0 else { return [] }
        let share = Double(before - cut.reduce(0) { $0 + $1.1 }) / Double(before)
        guard abs(share - ratio) > Cutting.shareTolerance else { return [] }
        let who = isEstimate ? "a uniform cut, which tells how much goes, takes" : "the cut takes"
        let first = pruning.timeEmbedding == .sinusoid ? ", and the first block keeps its width for the sinusoid" : ""
        let way = pruning.widths == .diffusers ? "; \"widths\": \"free\" comes closer" : ""
        return [
            Warning(
                .ratioNotMet,
                "the ratio asks for \(Percent.told(ratio)) of the channels, \(who) \(Percent.told(share)): widths stay multiples of what norms "
                    + "and heads divide them by\(first)\(way)")
        ]
    }

}

extension Warning {
    fileprivate func told(of whose: String) -> Warning { Warning(code: code, detail: "\(whose): \(detail)") }
}

extension Int {
    fileprivate func told(_ what: String) -> String { self == 1 ? "1 \(what)" : "\(self) \(what)s" }
}
