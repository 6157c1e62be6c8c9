import Engine
import Storage

extension JobValidation.Valid {
    /// How many pictures sets of samples are compared with; 0 where it is none, or their statistics.
    var references: Int {
        guard let evaluation = request.evaluation, !evaluation.setMetrics.isEmpty, statistics == nil else { return 0 }
        return reference.map { min($0.images, ReferencePictures.most) } ?? HeldOutLoss.held(of: pictures).count
    }

    /// Channels of a sample as it is shown.
    fileprivate var shownChannels: Int { encoding?.autoencoder?.outChannels ?? model.sampleShape.channels }
}

extension JobValidation {
    /// Whether sets of samples can be compared with what the request names; notes what is told of that.
    func reference(_ valid: inout Valid) throws -> [FieldError] {
        guard let evaluation = valid.request.evaluation else { return [] }
        guard !evaluation.setMetrics.isEmpty else {
            return evaluation.reference == nil
                ? [] : Self.refusal("reference", "is compared with by the metrics mind, kid, frechet and fid, none of which is asked for")
        }
        let asked = evaluation.setMetrics.map(\.rawValue).joined(separator: ", ")
        guard valid.objective.schedule != nil else {
            return Self.refusal("metrics", "\(asked) need a model that draws samples step by step")
        }
        guard valid.extractor != nil || MiddleFeatures.graph(of: valid.model) != nil else {
            return Self.refusal("metrics", "\(asked) need a model that consists of blocks: they go by what its middle block gives")
        }
        guard evaluation.samples > 1 else { return Self.refusal("samples", "must be at least 2 for \(asked), which compare sets") }
        if valid.extractor == nil, let autoencoder = valid.encoding?.autoencoder, autoencoder.inChannels != autoencoder.outChannels {
            return Self.refusal("metrics", "\(asked) need an autoencoder that gives as many channels as it takes")
        }
        if valid.extractor != nil, !InceptionFeatures.takes(channels: valid.shownChannels) {
            return Self.refusal("extractor", "takes pictures of 1 or 3 channels; samples have \(valid.shownChannels)")
        }
        if let name = evaluation.reference {
            if let record = try Self.found({ try database.statistics.get(name) }) { return try statistics(record, &valid, evaluation) }
            guard let record = try Self.found({ try database.datasets.get(name) }) else {
                return Self.refusal("reference", "there is no dataset \(name.prefix(200)), and there are no statistics of that name")
            }
            let errors = try pictures(record, &valid)
            guard errors.isEmpty else { return errors }
        } else if valid.dataset == nil {
            return Self.refusal("reference", "is required by \(asked), as the job has no pictures of its own")
        }
        guard valid.references > 1 else { return Self.refusal("reference", "must have at least 2 pictures") }
        return []
    }

    private func pictures(_ record: DatasetRecord, _ valid: inout Valid) throws -> [FieldError] {
        try record.refuseKnownDamage(database.blobs)
        let described = try DatasetDescriptor(record)
        valid.reference = described
        let shape = valid.picture
        if described.channels > shape.channels {
            return Self.refusal("reference", "has pictures of \(described.channels) channels; the model takes \(shape.channels)")
        }
        if described.width < shape.width || described.height < shape.height {
            return Self.refusal(
                "reference",
                "has pictures of \(described.width)×\(described.height), smaller than the model's \(shape.width)×\(shape.height)")
        }
        return []
    }

    private func statistics(_ record: EvaluationFileRecord, _ valid: inout Valid, _ evaluation: JobRequest.Evaluation) throws
        -> [FieldError]
    {
        let file = try EvaluationFile(record)
        try file.refuseKnownDamage(database.blobs)
        let others = evaluation.setMetrics.filter { !$0.comparesStatistics }.map(\.rawValue)
        guard others.isEmpty else {
            let detail = "is statistics, a mean and a covariance, which only frechet and fid compare with; "
            return Self.refusal("reference", detail + "\(others.joined(separator: ", ")) need pictures")
        }
        let features = valid.extractor?.checkpoint.model.features ?? MiddleFeatures.width(of: valid.model) ?? 0
        guard file.features == features else {
            let who = valid.extractor == nil ? "the original's middle block gives" : "the extractor gives"
            return Self.refusal("reference", "is of \(file.features) features; \(who) \(features)")
        }
        valid.statistics = file
        return []
    }
    private static func refusal(_ field: String, _ detail: String) -> [FieldError] {
        [FieldError(pointer: "/evaluation/\(field)", detail: detail)]
    }

    /// What there is of an identifier; nil where there is none.
    private static func found<Record>(_ body: () throws -> Record) throws -> Record? {
        do { return try body() } catch StorageError.notFound { return nil }
    }
}
