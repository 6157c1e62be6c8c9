import Documents
import Engine
import Foundation
import Storage

/// Makes a stored checkpoint of uploaded files: finds the parts, reads them whole, and lays them out as a diffusers pipeline.
package struct CheckpointIntake {
    private let database: Database
    /// What reading the files' headers may take; the numbers go through in pieces.
    private let memory: RequestMemory

    /// How a checkpoint without weights gets some.
    package struct Initialization {
        let seed: Int

        /// Draws them by a seed.
        package init(seed: Int) { self.seed = seed }
    }

    private static let largestJSON = 1 << 20

    /// Takes in for a store.
    package init(database: Database, memory: RequestMemory = .unlimited) {
        self.database = database
        self.memory = memory
    }

    /// Checks and stores.
    ///
    /// - Parameters:
    ///   - files: by path, in either layout.
    ///   - upload: what the files came from, which goes then.
    ///   - answer: to be kept with the checkpoint.
    ///   - choices: what the files leave open.
    ///   - owner: whose it is.
    /// - Throws: ``CheckpointError``, ``JobsError``, ``StorageError``, ``RequestMemoryError``.
    package func store(
        _ files: [(path: String, blob: StoredBlob)], name: String?, _ choices: CheckpointChoices = CheckpointChoices(),
        consuming upload: HeldUpload? = nil, owner: Owner? = nil, answer: KeptAnswer<CheckpointRecord>? = nil
    ) throws -> CheckpointRecord {
        let contents = Dictionary(files.map { ($0.path, $0.blob) }) { first, _ in first }
        let single = try memory.work(StoredCheckpoint.graphCost, for: "the upload's YAML") {
            try CompVisUpload(files) { try json($0, contents) }
        }
        let layout = try single == nil ? DiffusersLayout(paths: files.map(\.path), variant: choices.variant) : nil
        // Configurations, and what is read of the weights before any number is. Shards are open together.
        let weights = single?.weights ?? layout?.weights
        let folder = weights.map { $0.prefix { $0 != "/" } } ?? ""
        let headers = files.filter { file in
            file.path == weights || weights?.hasSuffix(".json") == true && file.path.hasPrefix(folder)
        }
        let index = headers.count > 1 ? JSON.parsingCost(bytes: Self.largestJSON, maximumValues: ShardedWeights.mostValues) : 0
        let cost = headers.reduce(StoredCheckpoint.graphCost + index) { $0 + WeightsFile.openingCost(path: $1.blob.url.path) }
        return try memory.work(cost, for: "the header of the weights") {
            let unpacked = try single?.unpacked(choices, database.blobs)
            let files = unpacked?.files ?? files
            return try store(
                files, layout ?? DiffusersLayout(paths: files.map(\.path)), unpacked, name: name, choices, consuming: upload, owner: owner,
                answer: answer)
        }
    }

    private func store(
        _ files: [(path: String, blob: StoredBlob)], _ layout: DiffusersLayout, _ unpacked: CompVisUpload.Unpacked?, name: String?,
        _ choices: CheckpointChoices, consuming upload: HeldUpload?, owner: Owner?, answer: KeptAnswer<CheckpointRecord>?
    ) throws -> CheckpointRecord {
        let blobs = Dictionary(files.map { ($0.path, $0.blob) }) { first, _ in first }
        let configuration = try configuration(layout, blobs, unpacked == nil ? choices.sampleSize : nil)
        var config = configuration.unet
        let scheduler = configuration.scheduler
        var warnings = (unpacked?.warnings ?? []) + layout.notes + configuration.warnings
        if scheduler == nil { warnings.append(Self.assumedSchedule) }
        let model: any Architecture
        let type: ScalarType
        let weights: StoredBlob
        if let path = layout.weights, let blob = blobs[path] {
            let source = try unpacked?.file.unet.weights ?? source(path, blobs)
            if unpacked == nil { try CompVisFile.refuse(source.tensors, path: path, beside: layout.config) }
            let uploaded: UploadedWeights
            do throws(CheckpointError) {
                uploaded = try UploadedWeights(config: config, weights: source, scheduler: scheduler)
            } catch {
                throw unpacked?.file.inFileNames(error) ?? error
            }
            (model, type) = (uploaded.model, uploaded.type)
            config = uploaded.freedConfig ?? config
            if source is SafeTensorsReader, uploaded.hasForm {
                weights = blob
                warnings += try uploaded.read(writingTo: nil)
            } else {
                warnings += uploaded.conversions
                let writer = try database.blobs.writer()
                warnings += try uploaded.read { try writer.write($0) }
                weights = try writer.finish()
            }
        } else if let initialization = choices.initialization {
            let fresh = try FreshWeights(config: config, seed: initialization.seed, scheduler: scheduler)
            (model, type) = (fresh.model, .float32)
            let writer = try database.blobs.writer()
            try fresh.write { try writer.write($0) }
            weights = try writer.finish()
            warnings += fresh.warnings
        } else {
            throw CheckpointError.missingFile(
                expected: "the weights' file (diffusion_pytorch_model.safetensors; ?init=random draws fresh weights)")
        }

        let schedulerBlob =
            try layout.scheduler.flatMap { blobs[$0] }
            ?? blob(scheduler.map { String(decoding: $0, as: UTF8.self) } ?? Self.defaultScheduler.pretty)
        let indexBlob = try layout.index.flatMap { isIndex($0, blobs) ? blobs[$0] : nil } ?? blob(index(of: model, scheduler).pretty)
        let configBlob =
            try configuration.isWritten || config != configuration.unet
            ? blob(String(decoding: config, as: UTF8.self)) : blobs[layout.config]
        guard let configBlob else { throw CheckpointError.missingFile(expected: layout.config) }
        var stored = [
            (DiffusersLayout.Path.index, indexBlob), (DiffusersLayout.Path.scheduler, schedulerBlob),
            (DiffusersLayout.Path.config, configBlob), (DiffusersLayout.Path.weights, weights),
        ]
        let own = ClassConditionalPipeline.isOf(layout.others) ? ClassConditionalPipeline.files : []
        stored += try own.map { ($0.path, try blob($0.bytes)) }
        stored += layout.others.compactMap { path in
            own.contains { $0.path == path } ? nil : blobs[path].map { (path, $0) }
        }
        if model.freeWidths { stored.append((FreeWidthsLoader.path, try blob(FreeWidthsLoader.bytes))) }
        let latents = LatentNotes(model, layout, index: try index(layout, blobs), config: { try? json($0, blobs) })
        warnings += latents.warnings
        stored.sort { $0.0 < $1.0 }
        let size = stored.reduce(0) { $0 + $1.1.size }
        let descriptor = CheckpointDescriptor(
            model, tokens: ClassConditionalPipeline.tokens(of: layout.others), type: type, isLatent: latents.isLatent, size: size,
            source: ["kind": "upload"], warnings: warnings)
        return try database.checkpoints.insert(
            name: name ?? "checkpoint", descriptor: descriptor.json.compact, files: stored.map { (path: $0.0, blob: $0.1) },
            consuming: upload, owner: owner, answer: answer)
    }

    private struct Configuration {
        let unet: Data
        let scheduler: Data?
        /// Whether the U-Net's is not the file that was sent.
        let isWritten: Bool
        let warnings: [String]
    }

    /// The two configurations: diffusers' own, or those that the DDIM code's one comes to.
    ///
    /// - Parameter size: of samples, for a configuration that has none.
    private func configuration(
        _ layout: DiffusersLayout, _ blobs: [String: StoredBlob], _ size: SampleSize?
    ) throws -> Configuration {
        let data = try json(layout.config, blobs)
        let scheduler = try layout.scheduler.map { try json($0, blobs) }
        guard layout.config.hasSuffix(".yml") || layout.config.hasSuffix(".yaml") else {
            guard let size else { return Configuration(unet: data, scheduler: scheduler, isWritten: false, warnings: []) }
            return Configuration(
                unet: try sized(data, size, layout.config), scheduler: scheduler, isWritten: true,
                warnings: ["sample_size is \(size), as was said beside the files: \(layout.config) has none"])
        }
        do throws(ConfigurationError) {
            let converted = try DDIMConfiguration(Self.yaml(data))
            return Configuration(
                unet: converted.unet, scheduler: scheduler ?? converted.scheduler, isWritten: true, warnings: converted.warnings)
        } catch {
            throw CheckpointError.configuration(path: layout.config, error)
        }
    }

    /// The configuration with a sample's size, which it must not have already.
    private func sized(_ data: Data, _ size: SampleSize, _ path: String) throws -> Data {
        guard let document = Self.document(data), case .object = document else { return data }
        if let found = document["sample_size"], found != .null {
            throw CheckpointError.configuration(
                path: path, .invalid(key: "sample_size", expected: "none, as it was said beside the files", found: found.compact))
        }
        return Data(document.replacing(["sample_size": size.json]).pretty.utf8)
    }

    private static func yaml(_ data: Data) throws(ConfigurationError) -> JSON {
        do throws(YAMLError) { return try YAMLDocument.parse(Array(data)) } catch { throw .notJSON(error.description) }
    }

    /// The weights, whatever kind of file they are in.
    private func source(_ path: String, _ blobs: [String: StoredBlob]) throws -> any TensorSource {
        try ComponentFiles(blobs.mapValues(\.url)) { try json($0, blobs) }.source(path)
    }

    private func json(_ path: String, _ blobs: [String: StoredBlob]) throws -> Data {
        guard let blob = blobs[path] else { throw CheckpointError.missingFile(expected: path) }
        guard blob.size <= Self.largestJSON else {
            throw JobsError.configurationTooLarge(path: path, size: blob.size, limit: Self.largestJSON)
        }
        return try Data(contentsOf: blob.url)
    }

    private func blob(_ text: String) throws -> StoredBlob { try blob(Array(text.utf8)) }

    private func blob(_ bytes: [UInt8]) throws -> StoredBlob { try database.blobs.blob(of: Data(bytes)) }

    /// Whether a file is a pipeline's index that names the U-Net.
    private func isIndex(_ path: String, _ blobs: [String: StoredBlob]) -> Bool {
        guard let data = try? json(path, blobs), let document = Self.document(data) else { return false }
        return document["unet"] != nil && document["scheduler"] != nil
    }

    /// The pipeline's index, where one was sent and can be read.
    private func index(_ layout: DiffusersLayout, _ blobs: [String: StoredBlob]) throws -> JSON? {
        try layout.index.flatMap { Self.document(try json($0, blobs)) }
    }

    /// A configuration, which has some dozens of values; nil when it is none.
    private static func document(_ data: Data) -> JSON? { try? JSON(parsing: Array(data), maximumValues: 10_000) }

    /// `DDPMPipeline` of what there is; it loads other networks too, though none of diffusers' pipelines draws by such a network alone.
    private func index(of model: any Architecture, _ scheduler: Data?) -> JSON {
        let document = scheduler.flatMap(Self.document)
        var name = "DDPMScheduler"
        if case .string(let found) = document?["_class_name"] { name = found }
        return [
            "_class_name": name == "DDIMScheduler" ? "DDIMPipeline" : "DDPMPipeline", "_diffusers_version": "0.30.0",
            "scheduler": ["diffusers", .string(name)],
            "unet": ["diffusers", .string(model.className)],
        ]
    }

    /// What is said where ``defaultScheduler`` is taken.
    private static let assumedSchedule =
        "no scheduler_config.json was sent: the noise schedule is taken for DDPMScheduler's own (linear betas from 0.0001 to 0.02 over 1000 "
        + "timesteps, epsilon). Where the network was trained on another, send it along: scores, training and samples go by it"

    /// The schedule that diffusers' `DDPMScheduler()` has.
    private static let defaultScheduler: JSON = [
        "_class_name": "DDPMScheduler", "_diffusers_version": "0.30.0", "beta_end": .double(0.02), "beta_schedule": "linear",
        "beta_start": .double(0.0001), "clip_sample": true, "num_train_timesteps": 1000, "prediction_type": "epsilon",
        "variance_type": "fixed_small",
    ]
}
