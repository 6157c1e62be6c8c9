import Documents
import Engine

/// What a result is, for whoever comes upon its folder: a model card as the Hugging Face Hub reads it, YAML between dashes and then Markdown.
///
/// Like the manifest it says nothing of when or under which identifiers a job ran.
struct ModelCard {
    /// Where it stands in the downloaded folder.
    static let path = "README.md"

    /// What a network comes to.
    struct Figures {
        let parameters: Int
        let multiplyAccumulates: Int
        /// Bytes of the weights' file.
        let size: Int64
    }

    private let manifest: ResultManifest
    private let before: Figures
    private let after: Figures
    private let warnings: [Warning]
    private let className: String
    private let isFree: Bool
    /// Of the result's files.
    private let paths: Set<String>

    /// - Parameters:
    ///   - result: the network.
    ///   - warnings: of the job, as far as it has come.
    ///   - paths: of the result's other files.
    init(_ manifest: ResultManifest, _ result: any Architecture, before: Figures, after: Figures, warnings: [Warning], paths: [String]) {
        self.manifest = manifest
        self.warnings = manifest.warnings + warnings.filter { known in !manifest.warnings.contains { $0.code == known.code } }
        (self.before, self.after, className, isFree) = (before, after, result.className, result.freeWidths)
        self.paths = Set(paths)
    }

    /// The whole file.
    var text: String {
        ([front, "# \(Markdown.escaped(name)), \(stage)", made, sizes] + known + ["## How to load it", loading, again]).joined(
            separator: "\n\n")
            + "\n"
    }

    private var name: String { manifest.source.record.name }
    private var stage: String {
        manifest.stage == .pruned ? "pruned" : manifest.request.pruning == nil ? "fine-tuned" : "pruned and fine-tuned"
    }
    private var isInPipeline: Bool { manifest.source.place.isInPipeline }
    /// What the network is to whoever reads of it.
    private var network: String {
        switch manifest.source.place.component {
        case .unet: "U-Net"
        case .vae, .vqvae: "autoencoder"
        case .decoder: "autoencoder's decoder"
        case .generator: "generator"
        }
    }
    private var isGenerator: Bool { manifest.source.place.component == .generator }
    private var licence: String? { paths.filter(CarriedFiles.isLicence).min() }

    private var front: String {
        let isTold = paths.contains { $0.hasPrefix("text_encoder/") }
        let task = isTold ? "text-to-image" : isInPipeline || isGenerator ? "unconditional-image-generation" : "image-to-image"
        let library = isGenerator ? "pytorch" : "diffusers"
        var lines = [
            "library_name: \(library)", "pipeline_tag: \(task)",
            // A JSON text is a YAML text.
            "base_model: \(JSON.string(name).compact)", "tags:", "- \(library)",
        ]
        if manifest.request.pruning != nil { lines += ["- pruned", "- diff-pruning"] }
        if let licence { lines += ["license: other", "license_name: as-the-original", "license_link: \(JSON.string(licence).compact)"] }
        return "---\n\(lines.joined(separator: "\n"))\n---"
    }

    /// What was done.
    private var made: String {
        var steps: [String] = []
        if let pruning = manifest.request.pruning {
            let which = pruning.plan == nil ? "\(extent(pruning.extent)) by `\(pruning.method.rawValue)`" : "by a plan that was given"
            steps.append(
                "Channels were removed from its \(network) \(which), with `\(pruning.resultWidths.rawValue)` widths ([Diff-Pruning](https://arxiv.org/abs/2305.10924))."
            )
            if pruning.reconstruction != nil { steps.append("What is left was refitted by least squares to what the original gives.") }
        }
        if manifest.stage == .finetuned, let training = manifest.request.finetuning?.training {
            steps.append(
                "It was fine-tuned for \(training.steps) steps of \(training.batchSize) pictures at a learning rate of \(training.learningRate)."
            )
        }
        if let pictures = manifest.dataset { steps.append("Its data set had \(Markdown.grouped(pictures.images)) pictures.") }
        return steps.joined(separator: " ")
    }

    /// How much was to go.
    private func extent(_ extent: CutExtent) -> String {
        switch extent {
        case .ratio(let ratio): return "at a ratio of \(ratio)"
        case .target(let target):
            let names: [CutResource: String] = [
                .macs: "multiply-accumulates", .parameters: "parameters", .size: "bytes of weights",
                .secondsPerSample: "seconds of a sample", .activationMemory: "bytes of activations",
            ]
            let limits = CutResource.allCases.compactMap { resource in
                target.limits[resource].map { limit in
                    let name = names[resource] ?? resource.rawValue
                    return switch limit {
                    case .absolute(let most): "\(resource.isCounted ? Markdown.grouped(most) : "\(Double(most) / 1e9)") \(name)"
                    case .fraction(let share): "\((1000 * share).rounded() / 10)% of its \(name)"
                    }
                }
            }
            let left = limits.isEmpty ? [] : ["to leave at most \(limits.joined(separator: " and "))"]
            let risen = target.lossIncrease.map {
                "as far as the loss on held-out pictures rises by at most \((1000 * $0).rounded() / 10)%"
            }
            return (left + [risen].compactMap { $0 }).joined(separator: ", and ")
        case .auto: return "as far as the loss on held-out pictures does not bend up"
        }
    }

    private var sizes: String {
        func row(_ what: String, _ before: Int, _ after: Int) -> String {
            "| \(what) | \(Markdown.grouped(before)) | \(Markdown.grouped(after)) |"
        }
        return [
            "| | before | after |", "|---|---|---|", row("parameters", before.parameters, after.parameters),
            row(
                "multiply-accumulates of a \(network == "U-Net" ? "sample and step" : "picture")", before.multiplyAccumulates,
                after.multiplyAccumulates),
            row("bytes of the \(network == "U-Net" ? network : "autoencoder")'s weights", Int(before.size), Int(after.size)),
        ].joined(separator: "\n")
    }

    /// What there is to know of it.
    private var known: [String] {
        guard !warnings.isEmpty else { return [] }
        return ["## What to know", warnings.map { "- \(Markdown.escaped($0.detail)) (`\($0.code)`)" }.joined(separator: "\n")]
    }

    private var loading: String {
        guard isInPipeline else { return loadingAlone }
        if isFree {
            return "Its layers have widths that diffusers' configurations cannot say: `load_pruned.py`, beside this file, loads it.\n\n"
                + "```sh\npython load_pruned.py . picture.png\n```"
        }
        let custom = paths.contains("pipeline.py") ? ", custom_pipeline=folder, trust_remote_code=True" : ""
        return "```python\nfrom diffusers import DiffusionPipeline\n\nfolder = \".\"  # where this file lies\n"
            + "pipeline = DiffusionPipeline.from_pretrained(folder\(custom))\n```"
    }

    private var loadingAlone: String {
        if isGenerator {
            return "`\(GeneratorProgram.path)`, beside this file, loads it in plain PyTorch. Its tensors have the names that they had.\n\n"
                + "```python\nfrom generator import load, noise\n\nmodel = load(\".\")  # where this file lies\n"
                + "pictures = model(noise(\".\", 16, seed=0))\n```"
        }
        guard isFree else {
            return "```python\nfrom diffusers import \(className)\n\n"
                + "model = \(className).from_pretrained(\".\")  # where this file lies\n```"
        }
        return "Its layers have widths that diffusers' configurations cannot say: `load_pruned.py`, beside this file, loads it.\n\n"
            + "```python\nfrom load_pruned import load_pruned\n\nmodel = load_pruned(\".\")  # where this file lies\n```"
    }

    private var again: String {
        "`manifest.json` says what it was made of, with which request, seeds and version: enough to make it again."
            + (licence.map { " The original's licence, `\($0)`, goes with it." } ?? "")
    }
}
