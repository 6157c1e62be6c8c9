import Engine

/// Where among a checkpoint's files the network is that is meant.
struct NetworkPlace: Sendable, Equatable {
    /// What it is.
    let component: Component
    /// The folder that it is in, with its last slash; empty where the checkpoint is nothing but this network.
    let folder: String

    /// The name of weights as diffusers saves them.
    private static let weights = "diffusion_pytorch_model.safetensors"

    /// Its configuration.
    var config: String { folder + "config.json" }
    /// Its weights as they are stored here.
    var storedWeights: String { folder + Self.weights }
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
    static func alone(_ model: any Architecture) -> NetworkPlace {
        NetworkPlace(component: component(model.className), folder: "")
    }

    /// What is meant of a checkpoint that is an autoencoder of some class, where nobody says.
    private static func component(_ className: String) -> Component {
        switch className {
        case VQModel.className: .vqvae
        case AsymmetricAutoencoderKL.className: .decoder
        default: .vae
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
            guard component != .unet else {
                throw ComponentError(missing: .unet, hint: "it is nothing but an autoencoder (\(architecture))")
            }
            self.init(component: component == .decoder ? .decoder : Self.component(architecture), folder: "")
            return
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
