import Engine

/// Where among a checkpoint's files the network is that is meant.
struct NetworkPlace: Sendable, Equatable {
    /// What it is.
    let component: Component
    /// The folder that it is in, with its last slash; empty where the checkpoint is nothing but this network.
    let folder: String

    /// Its configuration.
    var config: String { folder + "config.json" }
    /// Its weights as they are stored here: as diffusers saves them, or as others do who have no more than one network.
    var storedWeights: String { folder + (component == .generator ? "model.safetensors" : "diffusion_pytorch_model.safetensors") }
    /// What goes with it so that it can be loaded elsewhere; nil where others' libraries load it.
    var program: (path: String, bytes: [UInt8])? {
        component == .generator ? (GeneratorProgram.path, GeneratorProgram.bytes) : nil
    }
    /// Its noise schedule; nil where it has none.
    var scheduler: String? { component == .unet ? DiffusersLayout.Path.scheduler : nil }
    /// Whether it is what the checkpoint's description tells of.
    var isMain: Bool { component == .unet || folder.isEmpty }
    /// Whether there is a pipeline around it.
    var isInPipeline: Bool { !folder.isEmpty }
    /// What kind of network it is taken for; nil goes by the configuration.
    var architecture: (any Architecture.Type)? { component == .decoder ? AsymmetricAutoencoderKL.self : nil }

    /// A pipeline's own network.
    static let unet = NetworkPlace(component: .unet, folder: "unet/")
    /// A network that is a checkpoint by itself.
    static func alone(_ model: any Architecture) -> NetworkPlace { alone(model.className) }

    private static func alone(_ architecture: String) -> NetworkPlace {
        switch architecture {
        case VQModel.className: NetworkPlace(component: .vqvae, folder: "")
        case AsymmetricAutoencoderKL.className: NetworkPlace(component: .decoder, folder: "")
        case DCGANGenerator.className: NetworkPlace(component: .generator, folder: "")
        default: NetworkPlace(component: .vae, folder: "")
        }
    }

    private init(component: Component, folder: String) { (self.component, self.folder) = (component, folder) }

    /// - Parameters:
    ///   - paths: of the checkpoint's files.
    ///   - architecture: the class that its description tells.
    ///   - component: what was asked for; nil is what the checkpoint is of.
    /// - Throws: ``ComponentError`` where it has none.
    init(_ paths: [String], architecture: String, _ component: Component?) throws(ComponentError) {
        guard paths.contains(DiffusersLayout.Path.config) else {
            let own = Self.alone(architecture)
            if let component, component != own.component, !(component.isAutoencoder && own.component.isAutoencoder) {
                let kind = own.component.isAutoencoder ? "an autoencoder" : "a generator"
                throw ComponentError(missing: component, hint: "it is nothing but \(kind) (\(architecture))")
            }
            self = component == .decoder ? NetworkPlace(component: .decoder, folder: "") : own
            return
        }
        guard component != .generator else {
            throw ComponentError(missing: .generator, hint: "a generator is uploaded by itself, not in a pipeline")
        }
        guard let component, component.isAutoencoder else {
            self = .unet
            return
        }
        let folders: [Component] = [.vae, .vqvae]
        guard let found = folders.first(where: { paths.contains("\($0.rawValue)/config.json") }) else {
            throw ComponentError(missing: component, hint: "upload the pipeline with its vae/ or vqvae/, or the autoencoder by itself")
        }
        self.init(component: component == .decoder ? .decoder : found, folder: "\(found.rawValue)/")
    }

    /// Whether a file is replaced by what a job makes of the network: the configuration, and weights of any kind beside it.
    func isReplaced(_ path: String) -> Bool {
        guard path.hasPrefix(folder), !path.dropFirst(folder.count).contains("/") else { return false }
        let endings = [".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".msgpack", ".onnx", ".index.json"]
        return path == config || endings.contains(where: path.hasSuffix)
    }
}
