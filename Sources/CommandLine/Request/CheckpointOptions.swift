import ArgumentParser
import Documents
import Jobs

/// What is said beside a checkpoint's files.
struct CheckpointOptions: ParsableArguments {
    @Option(help: "Which of several weights to take, such as fp16.") var variant: String?
    @Option(
        help: "The side of samples, or height x width, where the configuration has none: 64 or 64x96.",
        transform: { text in
            guard let size = SampleSize(text) else { throw ValidationError("must be \(SampleSize.expected)") }
            return size
        })
    var sampleSize: SampleSize?

    var choices: CheckpointChoices { CheckpointChoices(variant: variant, sampleSize: sampleSize) }
}

extension CheckpointChoices {
    /// As queries of an upload, by their names.
    var queries: [(name: String, value: String)] {
        [("variant", variant), ("sample_size", sampleSize?.description), ("config", config)].compactMap { name, value in
            value.map { (name, $0) }
        }
    }
}
