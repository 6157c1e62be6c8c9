import Engine
import Storage

extension JobValidation.Valid {
    /// How many pictures sets of samples are compared with.
    var references: Int {
        guard let evaluation = request.evaluation, !evaluation.setMetrics.isEmpty else { return 0 }
        return reference.map { min($0.images, ReferencePictures.most) } ?? HeldOutLoss.held(of: pictures).count
    }
}

extension JobValidation {
    /// Whether sets of samples can be compared with what the request names; notes what is told of that.
    func reference(_ valid: inout Valid) throws -> [FieldError] {
        guard let evaluation = valid.request.evaluation else { return [] }
        func refusal(_ field: String, _ detail: String) -> [FieldError] {
            [FieldError(pointer: "/evaluation/\(field)", detail: detail)]
        }
        guard !evaluation.setMetrics.isEmpty else {
            return evaluation.reference == nil
                ? [] : refusal("reference", "is compared with by the metrics mind, kid and frechet, none of which is asked for")
        }
        let asked = evaluation.setMetrics.map(\.rawValue).joined(separator: ", ")
        guard valid.objective.schedule != nil, MiddleFeatures.graph(of: valid.model) != nil else {
            return refusal("metrics", "\(asked) need a model that consists of blocks: they go by what its middle block gives")
        }
        guard evaluation.samples > 1 else { return refusal("samples", "must be at least 2 for \(asked), which compare sets") }
        if let autoencoder = valid.encoding?.autoencoder, autoencoder.inChannels != autoencoder.outChannels {
            return refusal("metrics", "\(asked) need an autoencoder that gives as many channels as it takes")
        }
        if let name = evaluation.reference {
            guard let record = try dataset(name) else { return refusal("reference", "there is no dataset \(name.prefix(200))") }
            try record.refuseKnownDamage(database.blobs)
            let described = try DatasetDescriptor(record)
            valid.reference = described
            let shape = valid.picture
            if described.channels > shape.channels {
                return refusal("reference", "has pictures of \(described.channels) channels; the model takes \(shape.channels)")
            }
            if described.width < shape.width || described.height < shape.height {
                return refusal(
                    "reference",
                    "has pictures of \(described.width)×\(described.height), smaller than the model's \(shape.width)×\(shape.height)")
            }
        } else if valid.dataset == nil {
            return refusal("reference", "is required by \(asked), as the job has no pictures of its own")
        }
        guard valid.references > 1 else { return refusal("reference", "must have at least 2 pictures") }
        return []
    }

    /// The dataset of an identifier; nil where there is none.
    private func dataset(_ id: String) throws -> DatasetRecord? {
        do {
            return try database.datasets.get(id)
        } catch {
            guard case .notFound = error else { throw error }
            return nil
        }
    }
}
