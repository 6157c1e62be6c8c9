/// Which files of an upload are the parts of a diffusers pipeline.
///
/// Two layouts are read: the pipeline's own (`model_index.json`, `unet/…`, `scheduler/…`) and the flat one in which
/// google/ddpm-cifar10-32 is published. One is written, the pipeline's.
public struct DiffusersLayout: Sendable, Equatable {
    /// The U-Net's configuration.
    public let config: String
    /// The U-Net's weights; nil when there are none.
    public let weights: String?
    /// The noise schedule's configuration; nil takes DDPM's defaults.
    public let scheduler: String?
    /// `model_index.json`; nil when there is none.
    public let index: String?
    /// Files of other components (`vqvae/…`), which are kept as they are.
    public let others: [String]

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
    /// - Throws: ``CheckpointError/missingFile(expected:)``, ``CheckpointError/ambiguous(_:found:)``,
    ///   ``CheckpointError/unsupportedWeights(path:)``.
    public init(paths: [String]) throws(CheckpointError) {
        let all = Set(paths)
        let isFlat = !all.contains(Path.config)
        let folder = isFlat ? "" : "unet/"
        guard all.contains(folder + "config.json") else {
            throw .missingFile(expected: "config.json or \(Path.config)")
        }
        config = folder + "config.json"
        index = all.contains(Path.index) ? Path.index : nil
        scheduler = [Path.scheduler, "scheduler_config.json"].first(where: all.contains)

        let inFolder = paths.filter { $0.hasPrefix(folder) && !$0.dropFirst(folder.count).contains("/") }.sorted()
        let candidates = inFolder.filter { $0.hasSuffix(".safetensors") }
        let standard = folder + "diffusion_pytorch_model.safetensors"
        if candidates.contains(standard) {
            weights = standard
        } else if candidates.count > 1 {
            throw .ambiguous("the weights", found: candidates)
        } else if let pickle = inFolder.first(where: { name in [".bin", ".pt", ".pth", ".ckpt"].contains(where: name.hasSuffix) }),
            candidates.isEmpty
        {
            throw .unsupportedWeights(path: pickle)
        } else {
            weights = candidates.first
        }
        others = paths.filter { path in
            guard let slash = path.firstIndex(of: "/") else { return false }
            return !["unet", "scheduler"].contains(path[..<slash])
        }.sorted()
    }

    /// Whether the U-Net works on latents of an autoencoder rather than on pictures.
    public var isLatent: Bool { others.contains { $0.hasPrefix("vqvae/") || $0.hasPrefix("vae/") } }
}
