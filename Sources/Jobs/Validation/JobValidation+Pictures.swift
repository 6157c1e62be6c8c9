import Engine

extension JobValidation {
    /// Whether there are pictures where the job needs some, and they are what the network takes.
    static func pictures(_ valid: Valid, _ dataset: DatasetDescriptor?) -> [FieldError] {
        let request = valid.request
        if valid.objective.needsNoPictures { return dataset == nil ? [] : [needless] }
        guard let dataset else {
            let need = request.datasetNeed ?? (valid.objective.schedule == nil && request.evaluation != nil ? "the evaluation" : nil)
            return need.map { [FieldError(pointer: "/dataset", detail: "is required by \($0)")] } ?? []
        }
        let shape = valid.picture
        var errors: [FieldError] = []
        // Gray pictures are used as colour pictures.
        if dataset.channels > shape.channels || ![1, 3].contains(shape.channels) {
            errors.append(
                FieldError(
                    pointer: "/dataset", detail: "has pictures of \(dataset.channels) channels; the model takes \(shape.channels)"
                ))
        }
        if dataset.width < shape.width || dataset.height < shape.height {
            let which = dataset.width < shape.width ? dataset.narrowest : dataset.lowest
            let others = dataset.sizes.count(below: shape.width, shape.height) - 1
            let isWhole = dataset.sizes.isWhole(below: shape.width, shape.height)
            let more = others > 0 ? " and \(isWhole ? "" : "at least ")\(others) more" : ""
            errors.append(
                FieldError(
                    pointer: "/dataset",
                    detail: "has pictures of \(dataset.width)×\(dataset.height), smaller than the model's "
                        + "\(shape.width)×\(shape.height)" + (which.map { ": \($0)\(more)" } ?? "")))
        }
        let batches = [
            ("/pruning/batch_size", request.pruning.flatMap { $0.needsGradients ? $0.batchSize : nil }),
            ("/finetuning/batch_size", request.finetuning?.training.batchSize),
        ]
        for (pointer, size) in batches {
            guard let size, size > dataset.images else { continue }
            errors.append(FieldError(pointer: pointer, detail: "must be at most \(dataset.images), the number of pictures"))
        }
        return errors
    }

    private static let needless = FieldError(
        pointer: "/dataset", detail: "cannot be given for a generator: it is to make the pictures that its original makes of the same noise"
    )
}
