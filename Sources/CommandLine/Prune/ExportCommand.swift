import ArgumentParser
import Documents
import Foundation
import Jobs
import Media
import Server
import Storage

/// `pruner export`: a checkpoint in another form, made right here.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a checkpoint as ONNX models, or in another number format; no server is needed.",
        discussion: "What a server hands out as /v1/checkpoints/{id}/content?layout=onnx&dtype=float16.")

    @Option(help: "A folder, an archive or a file with weights, as for prune.", completion: .file()) var checkpoint: String
    @Option(help: "A folder that is not there yet; or a file that ends in .tar, .tar.gz or .zip.", completion: .file()) var out: String
    @Option(help: "onnx: models that onnxruntime runs, in the folders that optimum loads; diffusers: what from_pretrained loads.")
    var layout = CheckpointLayout.onnx
    @Option(help: "The format of the weights: float32, float16 or bfloat16 (default: that in which they are).")
    var dtype: JobRequest.WeightType?
    @OptionGroup var beside: CheckpointOptions
    @Flag(help: "Throw away what another command has begun at this place.") var restart = false
    @Flag(help: "Show no progress.") var quiet = false

    func run() throws {
        let screen = Screen(isQuiet: quiet)
        try CommandFailure.reporting(on: screen) {
            let folder = try UnfinishedFolder(for: out)
            if restart { try folder.clear() }
            guard try folder.begun() == nil else {
                throw CommandFailure(
                    .usage, "--out: another command has begun at \(folder.path) and is not done; add --restart to throw it away")
            }
            do {
                if !folder.hasResult { try export(in: folder, screen) }
                try folder.finish()
            } catch {
                // Nothing of it would serve another attempt.
                folder.remove()
                throw error
            }
            screen.clear()
            screen.note("\(checkpoint) is in \(out)")
        }
    }

    private func export(in folder: UnfinishedFolder, _ screen: Screen) throws {
        let database = try Database(folder: folder.store)
        defer { database.close() }
        let inputs = LocalJob.Inputs(
            checkpoint: try LocalFiles(path: checkpoint, isCheckpoint: true), dataset: nil, choices: beside.choices,
            pictureChoices: DatasetChoices())
        let id = try LocalJob(database: database, resources: JobResources(Configuration()), screen: screen).takeIn(inputs).checkpoint
        let items = try CheckpointExport(try StoredCheckpoint(database, id), in: layout, as: dtype).items()
        if let format = ArchiveFormat(endOf: out) {
            let writer = FolderWriter(folder.assembling.deletingLastPathComponent())
            let file = try writer.file(folder.assembling.lastPathComponent)
            try ArchiveWriter(items).write(as: format) { try file.write(contentsOf: Data($0)) }
            try writer.finish(file, folder.assembling.path)
        } else {
            let writer = FolderWriter(folder.assembling)
            for item in items {
                let file = try writer.file(item.path)
                try item.read { bytes in try file.write(contentsOf: Data(buffer: bytes.bindMemory(to: UInt8.self))) }
                try writer.finish(file, item.path)
            }
            try writer.finish()
        }
        try folder.assembled()
    }
}

extension CheckpointLayout: ExpressibleByArgument {}
