/// Which files of an upload are the parts of a diffusers pipeline.
///
/// Two layouts are read: the pipeline's own (`model_index.json`, `unet/…`, `scheduler/…`) and the flat one in which
/// google/ddpm-cifar10-32 is published; in place of a flat one's config.json there may be a configuration of the DDIM code base, the only
/// `.yml` or `.yaml`. One is written, the pipeline's.
public struct DiffusersLayout: Sendable, Equatable {
    /// The U-Net's configuration: JSON, or the DDIM code's YAML.
    public let config: String
    /// The U-Net's weights, or the index of their shards; nil when there are none.
    public let weights: String?
    /// The noise schedule's configuration; nil takes DDPM's defaults.
    public let scheduler: String?
    /// `model_index.json`; nil when there is none.
    public let index: String?
    /// Files of other components (`vqvae/…`), which are kept as they are.
    public let others: [String]
    /// What was chosen where there was a choice.
    public let notes: [Warning]
    /// What stands before each path where it was packed: a folder, with its last slash.
    private let folder: String

    /// Where each part stands in a pipeline's folder.
    public enum Path {
        /// The U-Net's configuration.
        public static let config = "unet/config.json"
        /// The U-Net's weights.
        public static let weights = "unet/diffusion_pytorch_model.safetensors"
        /// The noise schedule.
        public static let scheduler = "scheduler/scheduler_config.json"
        /// What the pipeline is made of.
        public static let index = "model_index.json"
    }

    /// Finds the parts among relative paths.
    ///
    /// - Parameters:
    ///   - packing: the folder in which all of them were packed, with its last slash, by which they are told of.
    ///   - variant: the weights' variant (`fp16`, `non_ema`) that must be taken; nil takes the standard file, or what is there.
    /// - Throws: ``CheckpointError/missingFile(expected:)``, ``CheckpointError/missingConfiguration(near:)``,
    ///   ``CheckpointError/ambiguous(_:found:)``, ``CheckpointError/unknownVariant(_:found:)``.
    public init(paths: [String], in packing: String = "", variant: String? = nil) throws(CheckpointError) {
        self.folder = packing
        let all = Set(paths)
        let isFlat = !all.contains(Path.config)
        let folder = isFlat ? "" : "unet/"
        config = try all.contains(folder + "config.json") ? folder + "config.json" : Self.yaml(paths)
        index = all.contains(Path.index) ? Path.index : nil
        scheduler = [Path.scheduler, "scheduler_config.json"].first(where: all.contains)

        let names = paths.filter { $0.hasPrefix(folder) }.map { String($0.dropFirst(folder.count)) }.filter { !$0.contains("/") }
        let choice = try WeightsChoice(names: names, folder: folder, variant: variant)
        weights = choice.path
        notes = choice.notes + Self.notes(config: config, scheduler: scheduler, all, packing)
        others = paths.filter { path in
            guard let slash = path.firstIndex(of: "/") else { return false }
            return !["unet", "scheduler"].contains(path[..<slash])
        }.sorted()
    }

    /// A part's path where it was packed.
    public func packed(_ path: String) -> String { folder + path }

    /// The configuration of the DDIM code base in a flat folder.
    private static func yaml(_ paths: [String]) throws(CheckpointError) -> String {
        let found = paths.filter { !$0.contains("/") && ($0.hasSuffix(".yml") || $0.hasSuffix(".yaml")) }.sorted()
        let named = found.filter { ["config.yml", "config.yaml"].contains($0) }
        let candidates = named.isEmpty ? found : named
        guard let first = candidates.first else { throw .missingConfiguration(near: nearMisses(paths)) }
        guard candidates.count == 1 else { throw .ambiguous("the configuration", found: candidates) }
        return first
    }

    /// Files that may be meant to be the network's configuration, the likeliest first.
    public static func nearMisses(_ paths: [String]) -> [String] {
        let near = paths.filter { path in
            let name = (path.split(separator: "/").last ?? "").lowercased()
            return name.hasPrefix("config") && (name.hasSuffix(".json") || name.hasSuffix(".json.txt"))
        }
        func rank(_ path: String) -> (Int, Int, String) {
            (path.lowercased().contains("unet") ? 0 : 1, path.count { $0 == "/" }, path)
        }
        return Array(near.sorted { rank($0) < rank($1) }.prefix(3))
    }

    /// What is told where a part is there twice.
    private static func notes(config: String, scheduler: String?, _ all: Set<String>, _ packing: String) -> [Warning] {
        [(config, "config.json"), (scheduler, "scheduler_config.json")].compactMap { taken, other in
            guard let taken, taken != other, taken.hasSuffix(".json"), all.contains(other) else { return nil }
            return Warning(.configurationTaken, "\(packing)\(taken) is taken, \(packing)\(other) beside it is not read")
        }
    }

    /// Whether the U-Net works on latents of an autoencoder rather than on pictures.
    public var isLatent: Bool { others.contains { $0.hasPrefix("vqvae/") || $0.hasPrefix("vae/") } }
}
