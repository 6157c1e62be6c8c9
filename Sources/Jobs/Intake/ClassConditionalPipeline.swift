import Engine

/// The Python files that go with a class-conditional latent pipeline, for which diffusers has no class of its own: how it draws, and the
/// table of its classes. They are always these, whatever an upload had in their places.
enum ClassConditionalPipeline {
    /// Where each stands in the downloaded folder.
    static var files: [(path: String, bytes: [UInt8])] {
        [
            ("pipeline.py", PackageResources.pipeline_py),
            ("\(ClassEmbedder.folder)/\(ClassEmbedder.folder).py", PackageResources.class_embedder_py),
        ]
    }

    /// Whether a checkpoint of these files is such a pipeline.
    static func isOf(_ paths: some Sequence<String>) -> Bool { paths.contains("\(ClassEmbedder.folder)/config.json") }

    /// How many tokens the network of a checkpoint of these files is told, where they tell it: the class's.
    static func tokens(of paths: some Sequence<String>) -> Int? { isOf(paths) ? 1 : nil }
}
