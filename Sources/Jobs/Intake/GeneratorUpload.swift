import Engine
import Storage

/// An upload that is a generator's weights without a configuration, and the files that it comes to.
struct GeneratorUpload {
    /// With a configuration.
    let files: CompVisUpload.Files
    /// What was assumed.
    let warnings: [Warning]

    /// Looks at the tensors' names; nil of weights that are none of a generator, or cannot be read.
    ///
    /// - Parameters:
    ///   - path: of the weights.
    /// - Throws: ``CheckpointError`` where they nearly are one; ``StorageError``.
    init?(_ files: CompVisUpload.Files, weights path: String, in store: BlobStore) throws {
        guard !files.contains(where: { $0.path.hasSuffix(".yaml") || $0.path.hasSuffix(".yml") }),
            let blob = files.first(where: { $0.path == path })?.blob,
            let source = try? WeightsFile.open(path: blob.url.path, name: path),
            let found = try GeneratorStateDict(source.tensors.map { ($0.name, $0.shape) }, path: path)
        else { return nil }
        self.files = [("config.json", try store.blob(of: found.config))] + files
        warnings = found.warnings
    }
}
