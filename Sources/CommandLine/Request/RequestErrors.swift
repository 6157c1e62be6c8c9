import Jobs

/// What is wrong with a request, told by the options of the command line instead of the pointers of the API.
enum RequestErrors {
    /// By what option a field is given.
    private static let options = [
        "/checkpoint": "--checkpoint", "/dataset": "--dataset", "/name": "--name", "/dtype": "--dtype", "/recipe": "--recipe",
        "/objective/error": "--error", "/objective/kl_weight": "--kl-weight", "/pruning/samples": "--scoring-samples",
        "/pruning/component": "--component", "/pruning/method": "--method", "/pruning/ratio": "--ratio",
        "/pruning/target/macs": "--max-macs",
        "/pruning/target/parameters": "--max-parameters", "/pruning/target/size": "--max-size",
        "/pruning/target/activation_memory": "--max-activation-memory",
        "/pruning/target/seconds_per_sample": "--max-seconds-per-sample", "/pruning/target/loss_increase": "--max-loss-increase",
        "/pruning/widths": "--widths",
        "/pruning/time_embedding": "--time-embedding", "/pruning/allocation": "--allocation", "/pruning/depth": "--depth",
        "/pruning/threshold": "--threshold",
        "/pruning/timesteps/first": "--first-timestep", "/pruning/timesteps/last": "--last-timestep",
        "/pruning/timesteps/stride": "--timestep-stride", "/pruning/batch_size": "--batch-size", "/pruning/seed": "--seed",
        "/pruning/reconstruction/samples": "--reconstruction-samples", "/pruning/reconstruction": "--reconstruction-samples",
        "/finetuning/steps": "--steps", "/finetuning/learning_rate": "--learning-rate", "/finetuning/warmup_steps": "--warmup-steps",
        "/finetuning/schedule": "--schedule", "/finetuning/optimizer": "--optimizer", "/finetuning/weight_decay": "--weight-decay",
        "/finetuning/ema_decay": "--ema-decay",
        "/finetuning/gradient_clip": "--gradient-clip", "/finetuning/flip": "--no-flip", "/finetuning/batch_size": "--batch-size",
        "/finetuning/seed": "--seed", "/finetuning/unconditional_probability": "--unconditional-probability",
        "/evaluation/samples": "--samples", "/evaluation/sampler": "--sampler", "/evaluation/steps": "--sampling-steps",
        "/evaluation/eta": "--eta", "/evaluation/seed": "--seed", "/evaluation/guidance_scale": "--guidance-scale",
        "/evaluation/metrics": "--metrics", "/evaluation/reference": "--reference",
        "/evaluation/extractor": "--extractor", "/evaluation/keep_samples": "--keep-samples",
    ]

    /// What is no field of a request with an option of its own.
    private static let others = [
        "/variant": "--variant", "/sample_size": "--sample-size", "/config": "--config",
        "/on_error": "--on-error", "/exif": "--exif", "/pruning": "pruning",
        "/finetuning": "fine-tuning", "/objective": "--error",
        "/evaluation": "evaluation",
    ]

    /// One line for each error, none twice: an option may stand for a field of several phases.
    static func text(_ errors: [FieldError]) -> String {
        var lines: [String] = []
        for error in errors {
            let line = self.line(error)
            if !lines.contains(line) { lines.append(line) }
        }
        return lines.joined(separator: "\n")
    }

    /// What a field is called on the command line.
    static func name(_ pointer: String) -> String {
        if pointer.hasPrefix("/pruning/plan") { return "--plan" }
        return option(pointer) ?? others[pointer] ?? pointer
    }

    /// The option that gives a field; a fraction is given by its limit's.
    private static func option(_ pointer: String) -> String? {
        let fraction = "/fraction"
        return options[pointer.hasSuffix(fraction) ? String(pointer.dropLast(fraction.count)) : pointer]
    }

    private static func line(_ error: FieldError) -> String {
        if let option = option(error.pointer) { return "\(option) \(error.detail)" }
        if error.pointer.hasPrefix("/pruning/plan") { return "--plan: \(error.pointer.dropFirst("/pruning/plan".count)) \(error.detail)" }
        return "\(error.pointer) \(error.detail)"
    }
}
