import Engine

extension JobValidation {
    /// The share of pictures that are shown with the empty condition where nobody says another (arXiv 2207.12598, section 4).
    static let usualProbability = 0.1

    /// Whether a conditional model's pictures have what it is told; fills in the share of those that it is told nothing of.
    static func conditions(_ valid: inout Valid, _ dataset: DatasetDescriptor?) -> [FieldError] {
        let request = valid.request
        let said = request.finetuning?.unconditionalProbability
        let guided = request.evaluation?.sampling.isGuided ?? false
        guard let condition = valid.model.condition else {
            let draws = valid.objective.schedule != nil
            return [
                said.map { _ in
                    FieldError(
                        pointer: "/finetuning/unconditional_probability",
                        detail: "is for models that are told a class or a text; this is not")
                },
                guided && draws
                    ? FieldError(
                        pointer: "/evaluation/guidance_scale", detail: "must be 1: the model is told no class or text that could guide it")
                    : nil,
            ].compactMap { $0 }
        }
        guard request.needsPictures else { return [] }
        guard let dataset else {
            return request.datasetNeed == nil
                ? [FieldError(pointer: "/dataset", detail: "is required by the evaluation: the model is told what its pictures are of")]
                : []
        }
        guard case .tokens(let width) = condition else { return classes(&valid, told: condition, dataset) }
        guard let embedder = valid.encoding?.classes else { return tokens(&valid, width: width, dataset) }
        guard embedder.width == width else {
            let detail = "has a class embedder of \(embedder.width) numbers a token; the model is told tokens of \(width)"
            return [FieldError(pointer: "/checkpoint", detail: detail)]
        }
        return classes(&valid, told: .classNumber(known: embedder.classes), dataset)
    }

    /// Whether pictures have the classes that a model is told.
    private static func classes(_ valid: inout Valid, told condition: NetworkCondition, _ dataset: DatasetDescriptor) -> [FieldError] {
        let request = valid.request
        let said = request.finetuning?.unconditionalProbability
        let guided = request.evaluation?.sampling.isGuided ?? false
        guard let classes = dataset.classes else {
            return [
                FieldError(
                    pointer: "/dataset",
                    detail: "has no classes, which the model is told: pack the pictures of each class in a folder of its own, or give each "
                        + "a label in metadata.jsonl or metadata.csv")
            ]
        }
        let count = classes.count
        if case .classNumber(let known?) = condition, count > known {
            let found = classes.names.count == count ? "\(count) classes" : "labels up to \(count - 1), so \(count) classes"
            return [FieldError(pointer: "/dataset", detail: "has \(found); the model knows \(known)")]
        }
        let isEmptyKnown = condition.emptyClass(among: count) != nil
        if valid.request.finetuning != nil, said == nil {
            valid.request.finetuning?.unconditionalProbability = isEmptyKnown ? usualProbability : 0
        }
        let none = "the model has no class for it, which would be its last, one more than the \(count) of the dataset"
        return [
            (said ?? 0) > 0 && !isEmptyKnown
                ? FieldError(pointer: "/finetuning/unconditional_probability", detail: "must be 0: \(none)") : nil,
            guided && !isEmptyKnown ? FieldError(pointer: "/evaluation/guidance_scale", detail: "must be 1: \(none)") : nil,
        ].compactMap { $0 }
    }
}
