import Engine

/// What is taken for fields that nobody gave, as far as only the checkpoint, the pictures and the memory can tell.
extension JobValidation {
    /// Where nobody said how many pictures or steps, there are no more than the dataset and the noise schedule have.
    static func fit(_ valid: inout Valid, _ dataset: DatasetDescriptor?) -> [FieldError] {
        var request = valid.request
        let pictures = max(1, dataset?.images ?? .max)
        func lowered(_ size: Int, _ of: String) -> Int {
            guard size > pictures else { return size }
            valid.lowered.append(
                Warning(.batchLowered, "the batch of \(of) is \(pictures), as there are no more pictures; \(size) is usual"))
            return pictures
        }
        if let pruning = request.pruning, pruning.isBatchUsual, pruning.needsGradients {
            request.pruning?.batchSize = lowered(pruning.batchSize, "scoring")
        } else if let pruning = request.pruning, pruning.isBatchUsual {
            request.pruning?.batchSize = min(pruning.batchSize, pictures)
        }
        if let finetuning = request.finetuning, finetuning.isBatchUsual {
            request.finetuning?.training.batchSize = lowered(finetuning.training.batchSize, "fine-tuning")
        }
        if let evaluation = request.evaluation, evaluation.areStepsUsual, let schedule = valid.objective.schedule {
            request.evaluation?.steps = min(evaluation.steps, schedule.count)
        }
        valid.request = request
        return valid.objective.schedule == nil ? scored(&valid, among: pictures) : []
    }

    /// Pictures that an autoencoder is scored over where nobody says how many.
    private static let usualScored = 64

    /// Where nobody said how many pictures an autoencoder is scored over, there are no more than the dataset has.
    private static func scored(_ valid: inout Valid, among pictures: Int) -> [FieldError] {
        guard let pruning = valid.request.pruning, pruning.needsGradients else { return [] }
        guard let samples = pruning.samples else {
            valid.request.pruning?.samples = max(pruning.batchSize, min(usualScored, pictures))
            return []
        }
        if pruning.isBatchUsual { valid.request.pruning?.batchSize = min(pruning.batchSize, samples) }
        let batch = valid.request.pruning?.batchSize ?? samples
        guard samples >= batch, samples <= pictures else {
            let detail =
                samples < batch
                ? "must be at least batch_size (\(batch)), as pictures are scored in whole batches"
                : "must be at most \(pictures), the number of pictures"
            return [FieldError(pointer: "/pruning/samples", detail: detail)]
        }
        return []
    }

    /// As many calibration samples as memory holds, where nobody said how many.
    func fillReconstruction(_ valid: inout Valid) {
        guard let reconstruction = valid.request.pruning?.reconstruction, reconstruction.samples == nil else { return }
        let usual = reconstruction.refit.samples
        var samples = usual
        while true {
            valid.request.pruning?.reconstruction?.samples = samples
            guard valid.memory(resources).excess.contains(where: { $0.pointer == Reconstructing.pointer }) else { break }
            guard samples > Self.fewestSamples else {
                guard !reconstruction.isRequired else { return }
                valid.request.pruning?.reconstruction = nil
                valid.lowered.append(
                    Warning(.reconstructionLowered, "what is cut is not reconstructed, as memory holds no \(samples) samples for it"))
                return
            }
            samples /= 2
        }
        guard samples < usual else { return }
        valid.lowered.append(
            Warning(.reconstructionLowered, "reconstruction goes by \(samples) samples, as memory holds no more; \(usual) are usual"))
    }

    /// Fewer calibration samples than this tell too little of a network.
    private static let fewestSamples = 4
}
