import Engine
import Storage

/// What an upload of weights takes from a checkpoint that is here already: its configuration, and whatever part of a pipeline it does not bring
/// itself.
struct LentParts {
    /// By the paths that they have in the upload.
    let files: [(path: String, blob: StoredBlob)]
    /// What was taken.
    let note: Warning

    /// - Parameters:
    ///   - id: of the checkpoint that lends.
    ///   - paths: of what was sent.
    /// - Throws: ``CheckpointError/contents(path:trouble:)`` where a configuration was sent, too; ``StorageError``.
    init(_ id: String, beside paths: [String], in database: Database) throws {
        let lender = try StoredCheckpoint(database, id)
        if let own = paths.first(where: { ["config.json", DiffusersLayout.Path.config].contains($0) }) {
            throw CheckpointError.contents(
                path: own, trouble: "it was sent, and config=\(id) asks for that of another: one of them must go")
        }
        let isFlat = !paths.contains { $0.hasPrefix("unet/") }
        let folders = Set(paths.map { $0.prefix { $0 != "/" } })
        var files: [(path: String, blob: StoredBlob)] = []
        for file in lender.record.files where file.path != lender.place.storedWeights {
            let isConfig = file.path == lender.place.config
            if !isConfig, folders.contains(file.path.prefix { $0 != "/" }) { continue }
            if file.path == DiffusersLayout.Path.scheduler, paths.contains("scheduler_config.json") { continue }
            files.append((isConfig && isFlat ? "config.json" : file.path, try lender.held(file)))
        }
        self.files = files
        let told = files.map(\.path).filter { !$0.contains("/") || $0.hasSuffix("config.json") }.joined(separator: ", ")
        note = Warning(.partsLent, "the configuration is \(id)'s, and so is what else was not sent: \(told)")
    }
}
