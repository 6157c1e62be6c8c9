import Engine
import Foundation
import Storage

/// Makes a stored checkpoint of uploaded files: finds the parts, reads them whole, and lays them out as a diffusers pipeline.
struct CheckpointIntake {
    let database: Database

    /// How a checkpoint without weights gets some.
    struct Initialization {
        let seed: Int
    }

    private static let largestJSON = 1 << 20

    /// Checks and stores.
    ///
    /// - Parameters:
    ///   - files: by path, in either layout.
    ///   - initialization: draw fresh weights where the files hold none.
    /// - Throws: ``CheckpointError``, ``APIError``, ``StorageError``.
    func store(_ files: [(path: String, blob: StoredBlob)], name: String?, initialization: Initialization?) throws -> CheckpointRecord {
        let blobs = Dictionary(files.map { ($0.path, $0.blob) }) { first, _ in first }
        let layout = try DiffusersLayout(paths: files.map(\.path))
        let config = try json(layout.config, blobs)
        let scheduler = try layout.scheduler.map { try json($0, blobs) }
        let checkpoint: DiffusionCheckpoint
        let weights: StoredBlob
        if let path = layout.weights, let blob = blobs[path] {
            checkpoint = try DiffusionCheckpoint(config: config, weights: blob.url.path, scheduler: scheduler)
            weights = blob
        } else if let initialization {
            checkpoint = try DiffusionCheckpoint(config: config, initializingFrom: initialization.seed, scheduler: scheduler)
            let writer = try database.blobs.writer()
            try checkpoint.writeWeights { try writer.write($0) }
            weights = try writer.finish()
        } else {
            throw CheckpointError.missingFile(
                expected: "the weights' file (diffusion_pytorch_model.safetensors; ?init=random draws fresh weights)")
        }

        let schedulerBlob = try layout.scheduler.flatMap { blobs[$0] } ?? blob(Self.defaultScheduler.pretty)
        let indexBlob = try layout.index.flatMap { isIndex($0, blobs) ? blobs[$0] : nil } ?? blob(index(scheduler).pretty)
        guard let configBlob = blobs[layout.config] else { throw CheckpointError.missingFile(expected: layout.config) }
        var stored = [
            (DiffusersLayout.Path.index, indexBlob), (DiffusersLayout.Path.scheduler, schedulerBlob),
            (DiffusersLayout.Path.config, configBlob), (DiffusersLayout.Path.weights, weights),
        ]
        stored += layout.others.compactMap { path in blobs[path].map { (path, $0) } }
        stored.sort { $0.0 < $1.0 }
        let size = stored.reduce(0) { $0 + $1.1.size }
        let descriptor = CheckpointDescriptor(checkpoint, isLatent: layout.isLatent, size: size, source: ["kind": "upload"])
        return try database.checkpoints.insert(
            name: name ?? "checkpoint", descriptor: descriptor.json.compact, files: stored.map { (path: $0.0, blob: $0.1) })
    }

    private func json(_ path: String, _ blobs: [String: StoredBlob]) throws -> Data {
        guard let blob = blobs[path] else { throw CheckpointError.missingFile(expected: path) }
        guard blob.size <= Self.largestJSON else {
            throw APIError(
                .unprocessableContent, "invalid_checkpoint", "\(path) has \(blob.size) bytes; at most \(Self.largestJSON) are read")
        }
        return try Data(contentsOf: blob.url)
    }

    private func blob(_ text: String) throws -> StoredBlob {
        let writer = try database.blobs.writer()
        try writer.write(Array(text.utf8))
        return try writer.finish()
    }

    /// Whether a file is a pipeline's index that names the U-Net.
    private func isIndex(_ path: String, _ blobs: [String: StoredBlob]) -> Bool {
        guard let data = try? json(path, blobs), let document = try? JSON(parsing: Array(data)) else { return false }
        return document["unet"] != nil && document["scheduler"] != nil
    }

    /// `DDPMPipeline` of what there is.
    private func index(_ scheduler: Data?) -> JSON {
        let document = scheduler.flatMap { try? JSON(parsing: Array($0)) }
        var name = "DDPMScheduler"
        if case .string(let found) = document?["_class_name"] { name = found }
        return [
            "_class_name": name == "DDIMScheduler" ? "DDIMPipeline" : "DDPMPipeline", "_diffusers_version": "0.30.0",
            "scheduler": ["diffusers", .string(name)], "unet": ["diffusers", "UNet2DModel"],
        ]
    }

    /// The schedule that diffusers' `DDPMScheduler()` has.
    private static let defaultScheduler: JSON = [
        "_class_name": "DDPMScheduler", "_diffusers_version": "0.30.0", "beta_end": .double(0.02), "beta_schedule": "linear",
        "beta_start": .double(0.0001), "clip_sample": true, "num_train_timesteps": 1000, "prediction_type": "epsilon",
        "variance_type": "fixed_small",
    ]
}
