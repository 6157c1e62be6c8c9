/// Why files are not a checkpoint that this engine can work with. Descriptions are safe to show to whoever sent the files.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// A file that every checkpoint has is not there.
    case missingFile(expected: String)
    /// There is no configuration of the network where one is looked for.
    ///
    /// - Parameter near: files that may be meant to be it.
    case missingConfiguration(near: [String])
    /// There are several files where one is expected.
    case ambiguous(String, found: [String])
    /// A variant was asked for that is not among the files.
    case unknownVariant(String, found: [String])
    /// The weights come in a format that is not read.
    case unsupportedWeights(path: String, found: String)
    /// A configuration cannot be read, or asks for what is not supported.
    case configuration(path: String, ConfigurationError)
    /// The weights' safetensors file is broken.
    case weights(SafeTensorsError)
    /// The weights' PyTorch file is broken, or asks for more than tensors.
    case torch(path: String, reason: String)
    /// What a weights file holds is no network that can be read.
    case contents(path: String, trouble: String)
    /// The index of a sharded checkpoint and its shards do not fit together.
    case index(path: String, trouble: String)
    /// The weights are not those of the configuration: each tensor that is missing, unknown or of another shape.
    case tensors([GraphError], more: Int)
    /// The configuration's layers do not fit together.
    case graph(GraphError)
    /// The autoencoder's layers are larger than any that are worked on, or do not fit together.
    case autoencoder(AutoencoderError)
    /// The model would not fit into this machine's memory.
    case tooLarge(parameters: Int, limit: Int)
    /// Fresh weights were asked for, of a network that is larger than any that is drawn.
    case tooManyToDraw(parameters: Int, limit: Int)

    /// A tensor of a network that only runs holds a number that is not finite.
    case notFinite(tensor: String)
    /// A weight is too large for the number format that was asked for.
    case notRepresentable(tensor: String, type: String)

    /// What is wrong, naming the file, key or tensor.
    public var description: String {
        switch self {
        case .missingFile(let expected): "\(expected) is missing"
        case .missingConfiguration(let near):
            "config.json or unet/config.json is missing"
                + (near.isEmpty
                    ? ""
                    : "; there is \(near.joined(separator: ", ")): pack the folder in which unet/ is, or that of a config.json and its weights alone")
        case .ambiguous(let what, let found): "several files could be \(what): \(found.joined(separator: ", "))"
        case .unknownVariant(let variant, let found):
            "there are no weights of the variant \"\(variant.prefix(100))\", only "
                + (found.isEmpty ? "none at all" : found.joined(separator: ", "))
        case .unsupportedWeights(let path, let found): "\(path) is \(found)"
        case .configuration(let path, let error): "\(path): \(error)"
        case .weights(let error): "weights: \(error)"
        case .torch(let path, let reason): "\(path): \(reason)"
        case .contents(let path, let trouble), .index(let path, let trouble): "\(path): \(trouble)"
        case .tensors(let errors, let more):
            "the weights do not fit the configuration: " + errors.map(\.description).joined(separator: "; ")
                + (more > 0 ? "; and \(more) more" : "")
        case .graph(let error): "the configuration does not fit together: \(error)"
        case .autoencoder(let error): error.description
        case .notRepresentable(let tensor, let type): "tensor \(tensor) holds a number too large for \(type)"
        case .notFinite(let tensor): "tensor \(tensor) holds numbers that are not finite"
        case .tooManyToDraw(let parameters, let limit):
            "fresh weights are drawn of networks of at most \(limit) parameters; this has \(parameters): send its weights with it"
        case .tooLarge(let parameters, let limit): "the model has \(parameters) parameters; this machine's memory takes \(limit)"
        }
    }
}

extension CheckpointError {
    /// The error with the paths that its configurations have where they were packed.
    public func inFiles(of layout: DiffusersLayout) -> CheckpointError {
        guard case .configuration(let path, let error) = self else { return self }
        let sent = path == "config.json" ? layout.config : path == "scheduler_config.json" ? layout.scheduler : nil
        return .configuration(path: sent.map(layout.packed) ?? path, error)
    }
}
