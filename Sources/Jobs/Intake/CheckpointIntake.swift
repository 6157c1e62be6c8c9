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
    ///   - sent: in either layout.
    ///   - upload: what the files came from, which goes then.
    ///   - answer: to be kept with the checkpoint.
    ///   - choices: what the files leave open.
    ///   - owner: whose it is.
    /// - Throws: ``CheckpointError``, ``JobsError``, ``StorageError``, ``RequestMemoryError``.
    package func store(
        _ sent: UnpackedFiles, name: String?, _ choices: CheckpointChoices = CheckpointChoices(),
        consuming upload: HeldUpload? = nil, owner: Owner? = nil, answer: KeptAnswer<CheckpointRecord>? = nil
    ) throws -> CheckpointRecord {
        let lent = try choices.config.map { try LentParts($0, beside: sent.files.map(\.path), in: database) }
        let files = sent.files + (lent?.files ?? [])
        let contents = Dictionary(files.map { ($0.path, $0.blob) }) { first, _ in first }
        let single = try memory.work(StoredCheckpoint.graphCost, for: "the upload's YAML") {
            try CompVisUpload(files) { try json($0, contents) }
        }
        let layout =
            try single == nil ? DiffusersLayout(paths: files.map(\.path), in: sent.folder, variant: choices.variant) : nil
        // Configurations, and what is read of the weights before any number is. Shards are open together.
        let weights = single?.weights ?? layout?.weights
        let folder = weights.map { $0.prefix { $0 != "/" } } ?? ""
        let headers = files.filter { file in
            file.path == weights || weights?.hasSuffix(".json") == true && file.path.hasPrefix(folder)
        }
        let index = headers.count > 1 ? JSON.parsingCost(bytes: Self.largestJSON, maximumValues: ShardedWeights.mostValues) : 0
        let cost = headers.reduce(StoredCheckpoint.graphCost + index) { $0 + WeightsFile.openingCost(path: $1.blob.url.path) }
        return try memory.work(cost, for: "the header of the weights") {
            let generator = try single.flatMap { try GeneratorUpload(files, weights: $0.weights, in: database.blobs) }
            let unpacked = try generator == nil ? single?.unpacked(choices, database.blobs) : nil
            let files = generator?.files ?? unpacked?.files ?? files
            return try store(
                files, layout ?? DiffusersLayout(paths: files.map(\.path)), unpacked,
                notes: [lent?.note].compactMap { $0 } + (generator?.warnings ?? []), name: name, choices, consuming: upload, owner: owner,
                answer: answer)
        }
    }

    private func store(
        _ files: [(path: String, blob: StoredBlob)], _ layout: DiffusersLayout, _ unpacked: CompVisUpload.Unpacked?,
        notes: [Warning], name: String?, _ choices: CheckpointChoices, consuming upload: HeldUpload?, owner: Owner?,
        answer: KeptAnswer<CheckpointRecord>?
    ) throws -> CheckpointRecord {
        var blobs = Dictionary(files.map { ($0.path, $0.blob) }) { first, _ in first }
        let index = PipelineIndex(try layout.index.map { try json($0, blobs) })
        let carried = try carried(files.map(\.path), layout, index.document, blobs)
        let privacy = try removePrivatePaths([layout.config, layout.scheduler, layout.index].compactMap { $0 } + carried.paths, &blobs)
        let configuration = try configuration(layout, blobs, unpacked == nil ? choices.sampleSize : nil)
        var config = configuration.unet
        let hasSchedule = try Self.hasSchedule(config, layout)
        let scheduler = hasSchedule ? configuration.scheduler : nil
        var warnings = notes + (unpacked?.warnings ?? []) + layout.notes + [index.note].compactMap { $0 } + configuration.warnings
        if hasSchedule, scheduler == nil { warnings.append(Warning(.assumedSchedule, Self.assumedSchedule)) }
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
                throw unpacked?.file.inFileNames(error) ?? error.inFiles(of: layout)
            }
            (model, type) = (uploaded.model, uploaded.formats.common)
            config = uploaded.freedConfig ?? config
            if source is SafeTensorsReader, uploaded.hasForm {
                weights = blob
                warnings += try uploaded.read(writingTo: nil)
            } else {
                let writer = try database.blobs.writer()
                warnings += try uploaded.read { try writer.write($0) }
                weights = try writer.finish()
            }
        } else if let initialization = choices.initialization {
            let fresh: FreshWeights
            do throws(CheckpointError) { fresh = try FreshWeights(config: config, seed: initialization.seed, scheduler: scheduler) } catch {
                throw error.inFiles(of: layout)
            }
            (model, type) = (fresh.model, .float32)
            let writer = try database.blobs.writer()
            try fresh.write { try writer.write($0) }
            weights = try writer.finish()
            warnings += fresh.warnings
        } else {
            throw CheckpointError.missingFile(
                expected: "the weights' file (diffusion_pytorch_model.safetensors; ?init=random draws fresh weights)")
        }

        let place = hasSchedule ? NetworkPlace.unet : NetworkPlace.alone(model)
        let configBlob =
            try configuration.isWritten || config != configuration.unet
            ? blob(String(decoding: config, as: UTF8.self)) : blobs[layout.config]
        guard let configBlob else { throw CheckpointError.missingFile(expected: layout.config) }
        var stored = [(place.config, configBlob), (place.storedWeights, weights)]
        if place.isInPipeline {
            let schedulerBlob =
                try layout.scheduler.flatMap { blobs[$0] }
                ?? blob(scheduler.map { String(decoding: $0, as: UTF8.self) } ?? Self.defaultScheduler.pretty)
            let indexBlob =
                try layout.index.flatMap { index.isWhole ? blobs[$0] : nil } ?? blob(PipelineIndex.written(of: model, scheduler).pretty)
            stored += [(DiffusersLayout.Path.index, indexBlob), (DiffusersLayout.Path.scheduler, schedulerBlob)]
            let own = ClassConditionalPipeline.isOf(layout.others) ? ClassConditionalPipeline.files : []
            stored += try own.map { ($0.path, try blob($0.bytes)) }
        }
        // Beside a network that stands by itself nothing but a licence goes on.
        stored += carried.paths.compactMap { path in place.isInPipeline || !path.contains("/") ? blobs[path].map { (path, $0) } : nil }
        if let program = place.program { stored.append((program.path, try blob(program.bytes))) }
        if model.freeWidths { stored.append((FreeWidthsLoader.path, try blob(FreeWidthsLoader.bytes))) }
        let latents = place.isInPipeline ? LatentNotes(model, layout, index: index.document, config: { try? json($0, blobs) }) : nil
        warnings += (latents?.warnings ?? []) + carried.notes + privacy
        stored.sort { $0.0 < $1.0 }
        let size = stored.reduce(0) { $0 + $1.1.size }
        let descriptor = CheckpointDescriptor(
            model, tokens: ClassConditionalPipeline.tokens(of: layout.others), type: type, isLatent: latents?.isLatent ?? false, size: size,
            source: ["kind": "upload"], warnings: warnings)
        return try database.checkpoints.insert(
            name: name ?? "checkpoint", descriptor: descriptor.json.compact, files: stored.map { (path: $0.0, blob: $0.1) },
            consuming: upload, owner: owner, answer: answer)
    }

    /// The files beside the network's that go on.
    ///
    /// - Throws: ``CheckpointError/contents(path:trouble:)`` where one is not there, but what stands in its place.
    private func carried(
        _ paths: [String], _ layout: DiffusersLayout, _ index: JSON?, _ blobs: [String: StoredBlob]
    ) throws -> CarriedFiles {
        let carried = CarriedFiles(paths, layout, index: index) { path in
            guard let data = try? json(path, blobs), case .string(let name)? = Self.document(data)?["_class_name"] else { return nil }
            return name
        }
        for path in carried.paths {
            guard let blob = blobs[path] else { continue }
            let file = try FileHandle(forReadingFrom: blob.url)
            defer { try? file.close() }
            if let name = Placeholder.name(try file.read(upToCount: 512) ?? Data()) {
                throw CheckpointError.contents(path: path, trouble: "it is \(name)")
            }
        }
        return carried
    }

    /// Takes paths of somebody's machine out of configurations.
    ///
    /// - Returns: what there is to tell.
    private func removePrivatePaths(_ paths: [String], _ blobs: inout [String: StoredBlob]) throws -> [Warning] {
        var found: [String] = []
        for path in paths where PrivatePaths.mayBe(in: path) {
            guard let data = try? json(path, blobs), let (cleaned, keys) = PrivatePaths.removed(from: data) else { continue }
            blobs[path] = try database.blobs.blob(of: cleaned)
            found += keys.map { "\($0.prefix(100)) of \(path)" }
        }
        guard !found.isEmpty else { return [] }
        let told = found.joined(separator: ", ")
        return [Warning(.pathsRemoved, "paths of the machine that they come from were taken out of configurations: \(told)")]
    }

    private struct Configuration {
        let unet: Data
        let scheduler: Data?
        /// Whether the U-Net's is not the file that was sent.
        let isWritten: Bool
        let warnings: [Warning]
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
            let path = layout.packed(layout.config)
            let classes = (Self.document(data)?["_class_name"] ?? .null) == .null ? [Self.assumedClass(path)] : []
            guard let size else { return Configuration(unet: data, scheduler: scheduler, isWritten: false, warnings: classes) }
            return Configuration(
                unet: try sized(data, size, path), scheduler: scheduler, isWritten: true,
                warnings: classes + [
                    Warning(.sampleSizeTaken, "sample_size is \(size), as was said beside the files: \(path) has none")
                ])
        }
        do throws(ConfigurationError) {
            let converted = try DDIMConfiguration(Self.yaml(data))
            return Configuration(
                unet: converted.unet, scheduler: scheduler ?? converted.scheduler, isWritten: true, warnings: converted.warnings)
        } catch {
            throw CheckpointError.configuration(path: layout.packed(layout.config), error)
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

    /// Whether a noise schedule goes with the network that a configuration is of.
    ///
    /// - Throws: ``CheckpointError`` where none does and it stands where a pipeline's own network is.
    private static func hasSchedule(_ config: Data, _ layout: DiffusersLayout) throws(CheckpointError) -> Bool {
        guard case .string(let name)? = document(config)?["_class_name"],
            let known = Architectures.known.first(where: { $0.className == name }), !known.hasSchedule
        else { return true }
        guard layout.config.contains("/") else { return false }
        throw .contents(
            path: layout.packed(layout.config),
            trouble: "\(name) is none of a pipeline's own networks: pack its config.json and its weights alone")
    }

    private static func assumedClass(_ path: String) -> Warning {
        Warning(.assumedClass, "\(path) has no _class_name: it is taken for that of a \(Architectures.known[0].className)")
    }

    private static func yaml(_ data: Data) throws(ConfigurationError) -> JSON {
        if let name = Placeholder.name(data.prefix(512)) { throw .notJSON("it is \(name)") }
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

    /// A configuration, which has some dozens of values; nil when it is none.
    private static func document(_ data: Data) -> JSON? { try? JSON(parsing: Array(data), maximumValues: 10_000) }

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
