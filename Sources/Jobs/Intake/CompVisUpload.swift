import Documents
import Engine
import Foundation
import Storage

/// An upload that is one file of CompVis's code base, with or without its YAML, and what comes of it: the folder of a diffusers pipeline.
struct CompVisUpload {
    typealias Files = [(path: String, blob: StoredBlob)]

    /// The folder.
    struct Unpacked {
        /// By path; that of the U-Net's weights is the file that came.
        let files: Files
        /// Its parts.
        let file: CompVisFile
        /// What was chosen, assumed and left out.
        let warnings: [Warning]
    }

    /// Where the file is among those that came.
    let weights: String
    private let yaml: String?
    private let document: JSON?
    private let files: Files

    /// Documents that are looked into; one is enough.
    private static let mostYAML = 16
    private static let endings = [".ckpt", ".safetensors", ".pt", ".pth", ".bin"]

    /// Looks at names, and into a YAML; nil where there is a configuration of another kind, or not one file of weights.
    ///
    /// - Parameter data: what a small file holds.
    /// - Throws: ``CheckpointError``, and what reading a file throws.
    init?(_ files: Files, data: (String) throws -> Data) throws {
        let paths = files.map(\.path)
        guard !paths.contains("config.json"), !paths.contains(DiffusersLayout.Path.config) else { return nil }
        let names = paths.filter { !$0.contains("/") }.sorted()
        let weights = names.filter { name in Self.endings.contains(where: name.hasSuffix) }
        let texts = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
        guard texts.count <= Self.mostYAML else { return nil }
        var known: [(name: String, document: JSON)] = []
        for name in texts {
            let bytes = Array(try data(name))
            if let document = try? YAMLDocument.parse(bytes), CompVisConfiguration.isOne(document) { known.append((name, document)) }
        }
        if let yaml = known.first {
            guard known.count == 1 else { throw CheckpointError.ambiguous("the configuration", found: known.map(\.name)) }
            guard !weights.isEmpty else { throw CheckpointError.missingFile(expected: "the file of weights that \(yaml.name) is of") }
            guard weights.count == 1 else { throw CheckpointError.ambiguous("the weights", found: weights) }
        } else if !texts.isEmpty {
            return nil
        }
        guard weights.count == 1 else { return nil }
        self.weights = weights[0]
        self.files = files
        (yaml, document) = (known.first?.name, known.first?.document)
    }

    /// Finds the parts, checks them, and writes those beside the U-Net.
    ///
    /// - Throws: ``CheckpointError``, ``StorageError``.
    func unpacked(_ choices: CheckpointChoices, _ store: BlobStore) throws -> Unpacked {
        guard let blob = files.first(where: { $0.path == weights })?.blob else { throw CheckpointError.missingFile(expected: weights) }
        let source: any TensorSource
        do throws(CheckpointError) { source = try WeightsFile.open(path: blob.url.path, name: weights) } catch {
            throw yaml == nil ? unreadable(error) : error
        }
        guard CompVisFile.holds(source.tensors) else { throw notOne(source) }
        if let variant = choices.variant, variant != "non_ema" {
            throw CheckpointError.unknownVariant(variant, found: ["\"non_ema\""])
        }
        let file = try CompVisFile(
            source, path: weights, configuration: configuration(), yaml: yaml ?? "", sampleSize: choices.sampleSize?.json,
            takesAverages: choices.variant == nil)
        var result: Files = [
            (DiffusersLayout.Path.config, try store.blob(of: file.unet.config)), (DiffusersLayout.Path.weights, blob),
        ]
        var warnings = file.notes
        for component in file.components {
            let writer = try store.writer()
            warnings += try component.write { try writer.write($0) }
            result += [
                ("\(component.folder)/config.json", try store.blob(of: component.config)),
                ("\(component.folder)/\(component.weightsName)", try writer.finish()),
            ]
        }
        let tokenizer = try tokenizer(file, store)
        result += tokenizer
        let written = Set(result.map { $0.path.prefix { $0 != "/" } })
        result += files.filter { file in
            file.path.contains("/") && !file.path.hasPrefix("scheduler/") && !written.contains(file.path.prefix { $0 != "/" })
        }
        let scheduler = files.first { [DiffusersLayout.Path.scheduler, "scheduler_config.json"].contains($0.path) }
        result.append((DiffusersLayout.Path.scheduler, try scheduler?.blob ?? store.blob(of: file.scheduler)))
        if let scheduler {
            warnings.append(Warning(.scheduleTaken, "the noise schedule is \(scheduler.path), as it came beside \(weights)"))
        }
        let schedule = try scheduler.map { try Data(contentsOf: $0.blob.url) } ?? file.scheduler
        if let index = file.index(scheduler: Self.className(schedule), hasTokenizer: !tokenizer.isEmpty) {
            result.append((DiffusersLayout.Path.index, try store.blob(of: index)))
        }
        if file.paddingToken != nil, tokenizer.isEmpty {
            warnings.append(
                Warning(
                    .noTokenizer,
                    "no tokenizer came with \(weights): phases with captions need its vocab.json and merges.txt beside it, or "
                        + "embeddings.safetensors beside the pictures"))
        }
        return Unpacked(files: result, file: file, warnings: warnings)
    }

    private func configuration() throws -> CompVisConfiguration? {
        guard let document, let yaml else { return nil }
        do throws(ConfigurationError) { return try CompVisConfiguration(document) } catch {
            throw CheckpointError.configuration(path: yaml, error)
        }
    }

    /// The class that a scheduler's configuration names.
    private static func className(_ config: Data) -> String {
        guard let document = try? JSON(parsing: Array(config), maximumValues: 10_000), case .string(let name)? = document["_class_name"]
        else { return "DDIMScheduler" }
        return name
    }

    /// The tokenizer's files: its folder, or files beside the weights, with settings as the text encoder was trained where none came.
    private func tokenizer(_ file: CompVisFile, _ store: BlobStore) throws -> Files {
        guard let padding = file.paddingToken else { return [] }
        let folder = files.filter { $0.path.hasPrefix("tokenizer/") }
        guard folder.isEmpty else { return folder }
        let flat = files.filter { CLIPTokenizer.fileNames.contains($0.path) }
        let names = Set(flat.map(\.path))
        guard names.contains("tokenizer.json") || names.isSuperset(of: ["vocab.json", "merges.txt"]) else { return [] }
        var result: Files = flat.map { ("tokenizer/\($0.path)", $0.blob) }
        if !names.contains("tokenizer_config.json") {
            let settings: JSON = [
                "add_prefix_space": false, "bos_token": "<|startoftext|>", "do_lower_case": true, "eos_token": "<|endoftext|>",
                "errors": "replace", "model_max_length": 77, "pad_token": .string(padding), "tokenizer_class": "CLIPTokenizer",
                "unk_token": "<|endoftext|>",
            ]
            result.append(("tokenizer/tokenizer_config.json", try store.blob(of: Data(settings.pretty.utf8))))
        }
        return result
    }

    /// A file that needs a configuration beside it, or is to be one of those that need none.
    private func unreadable(_ error: CheckpointError) -> CheckpointError {
        .contents(
            path: weights,
            trouble: "there is no config.json or \(DiffusersLayout.Path.config) beside it (\(Self.lending)), and by itself it "
                + "cannot be read (\(error))")
    }

    /// How weights by themselves get a configuration that is stored already.
    private static let lending = "config=ckpt_… takes that of a checkpoint at the server"

    private func notOne(_ source: any TensorSource) -> CheckpointError {
        if let yaml { return .contents(path: weights, trouble: "it has no tensors model.diffusion_model.…, of which \(yaml) tells") }
        guard files.count == 1 else { return .missingConfiguration(near: DiffusersLayout.nearMisses(files.map(\.path))) }
        return .missingFile(
            expected:
                "a configuration beside this \(source is TorchWeights ? "PyTorch" : "safetensors") file (send both in one archive, or "
                + "as a form; \(Self.lending); without one a file of CompVis's code base is read, whose tensors are called "
                + "model.diffusion_model.…)")
    }
}
