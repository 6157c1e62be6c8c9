import Documents
import Engine
import Foundation
import Storage

/// The way results that come from a checkpoint are stored beside it.
extension StoredCheckpoint {
    /// What a job's result has of its own; every other file it has from the checkpoint it comes from.
    private static let replaced: Set = [ResultManifest.path, FreeWidthsLoader.path, GeneratorProgram.path, ModelCard.path]

    /// Whether a result has a file of its own in place of this one, or does without it.
    private func isReplaced(_ path: String) -> Bool {
        if path == FreeWidthsLoader.path, !place.isMain { return false }
        return Self.replaced.contains(path) || place.isReplaced(path)
    }

    /// Stores a job's result and notes it with the job: new config, weights, manifest and model card, every other file as this checkpoint has it.
    func store(_ result: DiffusionCheckpoint, job: Job, manifest: ResultManifest) throws -> StoredCheckpoint {
        var files = try record.files.filter { !isReplaced($0.path) }.map { (path: $0.path, blob: try held($0)) }
        files.append((place.config, try blob(Array(result.trained.model.config))))
        if let index = try index(naming: result.trained.model) {
            files.removeAll { $0.path == DiffusersLayout.Path.index }
            files.append((DiffusersLayout.Path.index, try blob(Array(index.pretty.utf8))))
        }
        files.append((ResultManifest.path, try blob(Array(manifest.json.pretty.utf8))))
        if result.trained.model.freeWidths { files.append((FreeWidthsLoader.path, try blob(FreeWidthsLoader.bytes))) }
        if let program = place.program { files.append((program.path, try blob(program.bytes))) }
        let weights = try database.blobs.writer()
        try result.writeWeights { try weights.write($0) }
        let written = try weights.finish()
        files.append((place.storedWeights, written))
        let graph = result.trained.model.described(tokens: tokens).graph
        let own = place.isMain ? nil : try architecture().model.graph
        let card = try ModelCard(
            manifest, result.trained.model,
            before: .init(
                parameters: own?.parameterCount ?? descriptor.parameters,
                multiplyAccumulates: own?.multiplyAccumulates ?? descriptor.multiplyAccumulates, size: Int64(weightsSize)),
            after: .init(parameters: graph.parameterCount, multiplyAccumulates: graph.multiplyAccumulates, size: written.size),
            warnings: database.jobs.get(job.id).warnings.map(\.warning), paths: files.map(\.path))
        files.append((ModelCard.path, try blob(Array(card.text.utf8))))
        files.sort { $0.path < $1.path }
        let size = files.reduce(0) { $0 + $1.blob.size }
        let source: JSON = ["kind": "job", "job": .string(job.id), "stage": .string(manifest.stage.rawValue)]
        let stored = try database.jobs.addResult(
            job.id, manifest.stage == .pruned ? .pruned : .finetuned, name: "\(job.name ?? record.name) (\(manifest.stage.rawValue))",
            descriptor: described(result, size: size, source: source).json.compact, files: files)
        return try StoredCheckpoint(database, stored.id, component: place.component)
    }

    /// The pipeline's index where it names another class than the result is of; nil where it goes on as it is.
    private func index(naming model: any Architecture) throws -> JSON? {
        guard place.isInPipeline, !place.isMain, record.files.contains(where: { $0.path == DiffusersLayout.Path.index }) else { return nil }
        let folder = String(place.folder.dropLast())
        let index = try JSON(parsing: Array(try data(DiffusersLayout.Path.index)), maximumValues: 10_000)
        guard case .array(let pair)? = index[folder], pair.count == 2, pair[1] != .string(model.className) else { return nil }
        return index.replacing([folder: .array([pair[0], .string(model.className)])])
    }

    /// What a result is: this one still, where a network beside its own was replaced.
    private func described(_ result: DiffusionCheckpoint, size: Int64, source: JSON) -> CheckpointDescriptor {
        guard place.isMain else {
            return CheckpointDescriptor(descriptor, size: size, source: source, warnings: assumptions + result.warnings)
        }
        return CheckpointDescriptor(result, tokens: tokens, isLatent: descriptor.isLatent, size: size, source: source, assumptions)
    }

    /// What was assumed of this one, which holds for what is made of it.
    var assumptions: [Warning] { descriptor.warnings.filter(\.isAssumption) }

    private func blob(_ bytes: [UInt8]) throws -> StoredBlob { try database.blobs.blob(of: Data(bytes)) }
}
