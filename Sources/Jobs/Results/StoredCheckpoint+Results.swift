import Documents
import Engine
import Foundation
import Storage

/// The way results that come from a checkpoint are stored beside it.
extension StoredCheckpoint {
    /// What a job's result has of its own; every other file it has from the checkpoint it comes from.
    private static let replaced: Set = [
        DiffusersLayout.Path.config, DiffusersLayout.Path.weights, ResultManifest.path, FreeWidthsLoader.path,
        ModelCard.path,
    ]

    /// Stores a job's result and notes it with the job: new config, weights, manifest and model card, every other file as this checkpoint has it.
    func store(_ result: DiffusionCheckpoint, job: Job, manifest: ResultManifest) throws -> StoredCheckpoint {
        var files = try record.files.filter { !Self.replaced.contains($0.path) }.map { (path: $0.path, blob: try held($0)) }
        files.append((DiffusersLayout.Path.config, try blob(Array(result.trained.model.config))))
        files.append((ResultManifest.path, try blob(Array(manifest.json.pretty.utf8))))
        if result.trained.model.freeWidths { files.append((FreeWidthsLoader.path, try blob(FreeWidthsLoader.bytes))) }
        let weights = try database.blobs.writer()
        try result.writeWeights { try weights.write($0) }
        let written = try weights.finish()
        files.append((DiffusersLayout.Path.weights, written))
        let graph = result.trained.model.described(tokens: tokens).graph
        let card = try ModelCard(
            manifest,
            before: .init(
                parameters: descriptor.parameters, multiplyAccumulates: descriptor.multiplyAccumulates, size: Int64(weightsSize)),
            after: .init(parameters: graph.parameterCount, multiplyAccumulates: graph.multiplyAccumulates, size: written.size),
            warnings: database.jobs.get(job.id).warnings.map(\.warning), isFree: result.trained.model.freeWidths, paths: files.map(\.path))
        files.append((ModelCard.path, try blob(Array(card.text.utf8))))
        files.sort { $0.path < $1.path }
        let size = files.reduce(0) { $0 + $1.blob.size }
        let source: JSON = ["kind": "job", "job": .string(job.id), "stage": .string(manifest.stage.rawValue)]
        let stored = try database.jobs.addResult(
            job.id, manifest.stage == .pruned ? .pruned : .finetuned, name: "\(job.name ?? record.name) (\(manifest.stage.rawValue))",
            descriptor: CheckpointDescriptor(
                result, tokens: tokens, isLatent: descriptor.isLatent, size: size, source: source, assumptions
            ).json.compact, files: files)
        return try StoredCheckpoint(database, stored.id)
    }

    /// What was assumed of this one, which holds for what is made of it.
    var assumptions: [Warning] { descriptor.warnings.filter(\.isAssumption) }

    private func blob(_ bytes: [UInt8]) throws -> StoredBlob { try database.blobs.blob(of: Data(bytes)) }
}
