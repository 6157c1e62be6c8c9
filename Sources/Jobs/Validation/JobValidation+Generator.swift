import Engine

/// What a generator asks of a job, which has no pictures to go by but those that it makes itself.
extension JobValidation {
    /// The request with what a generator takes for fields that nobody gave: others go by the checkpoint's contents alone.
    static func completed(_ request: JobRequest, for component: Component) -> JobRequest {
        guard component == .generator else { return request }
        var request = request
        if let pruning = request.pruning {
            if !pruning.given.contains("reconstruction") { request.pruning?.reconstruction = request.recipe.reconstruction }
            if pruning.plan == nil {
                if !pruning.given.contains("method") { request.pruning?.method = .gaussNewton }
                if !pruning.given.contains("widths") { request.pruning?.widths = .free }
                request.pruning?.threshold = 0
            }
        }
        if let finetuning = request.finetuning {
            // There is nothing else to learn from, and nothing that could be mirrored.
            request.finetuning?.distillation = finetuning.distillation ?? ImitationShares(output: 1)
            request.finetuning?.training.flip = false
            // What is left is near to its original already, and a larger one leads it away.
            if finetuning.isRateUsual, request.recipe == .best { request.finetuning?.training.learningRate = usualRate }
        }
        return request
    }

    /// Of 1e-4 to 7e-3 what is good on a trained generator cut at 0.3.
    private static let usualRate = 1e-3

    /// The methods that find something where the loss and its gradients are 0.
    private static let methods: [PruningMethod] = [.gaussNewton, .magnitude, .random]

    static func ofGenerator(_ request: JobRequest) -> [FieldError] {
        var errors = ofSchedule(request, "a generator", shown: "noise", draws: "makes each picture in one go")
        func refuse(_ pointer: String, _ detail: String) { errors.append(FieldError(pointer: pointer, detail: detail)) }
        let own = "a generator is compared with its original, which is as it is itself"
        if request.objective != nil { refuse("/objective", "is for autoencoders: \(own)") }
        if let pruning = request.pruning, pruning.plan == nil {
            if !methods.contains(pruning.method) {
                let known = methods.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
                refuse("/pruning/method", "must be one of \(known): \(own), so that losses and their gradients are 0")
            }
            if pruning.extent.rule != nil {
                let field = pruning.extent == .auto ? "ratio" : "target/loss_increase"
                refuse("/pruning/\(field)", "goes by what share the loss rises, and the original's is 0: \(own)")
            }
        }
        if request.finetuning?.distillation?.task ?? 0 > 0 {
            refuse("/finetuning/distillation/task", "must be 0: without pictures there is nothing to learn but what the original gives")
        }
        return errors
    }
}
