import Documents

/// One of a generator's modules, by the names and arguments that it has in `torch.nn`.
package enum GeneratorLayer: Sendable, Equatable {
    /// `Linear`, of the noise.
    case linear(name: String, inFeatures: Int, outFeatures: Int, hasBias: Bool)
    /// `Unflatten`: a vector becomes a map.
    case unflatten(channels: Int, height: Int, width: Int)
    /// `ConvTranspose2d`.
    case transposed(name: String, inChannels: Int, outChannels: Int, ConvTranspose2d.Window, hasBias: Bool)
    /// `BatchNorm2d`, or of a vector `BatchNorm1d`.
    case norm(name: String, channels: Int, epsilon: Double, isOfVector: Bool)
    /// `ReLU`, or with a slope `LeakyReLU`.
    case rectifier(slope: Double)
    /// `Tanh`.
    case tanh

    /// The name of its tensors; nil where it has none.
    var name: String? {
        switch self {
        case .linear(let name, _, _, _), .transposed(let name, _, _, _, _), .norm(let name, _, _, _): name
        case .unflatten, .rectifier, .tanh: nil
        }
    }

    /// What computes it.
    var operation: any Operator {
        switch self {
        case .linear(let name, let inputs, let outputs, let hasBias): Linear(name, in: inputs, out: outputs, width: .own, hasBias: hasBias)
        case .unflatten(let channels, let height, let width): Unflatten(Shape(height: height, width: width, channels: channels))
        case .transposed(let name, let inputs, let outputs, let window, let hasBias):
            ConvTranspose2d(name, in: inputs, out: outputs, window: window, hasBias: hasBias)
        case .norm(let name, let channels, let epsilon, _): BatchNorm(name, channels: channels, epsilon: Float(epsilon))
        case .rectifier(let slope): Rectifier(slope: Float(slope))
        case .tanh: Activation(.tanh)
        }
    }

    /// The same module as wide as its tensors are now.
    ///
    /// - Parameter shapes: of the tensors, by name.
    func narrowed(to shapes: [String: [Int]]) -> GeneratorLayer {
        guard let name, let shape = shapes["\(name).weight"] else { return self }
        return switch self {
        case .linear(_, _, _, let hasBias): .linear(name: name, inFeatures: shape[1], outFeatures: shape[0], hasBias: hasBias)
        case .transposed(_, _, _, let window, let hasBias):
            .transposed(name: name, inChannels: shape[0], outChannels: shape[1], window, hasBias: hasBias)
        case .norm(_, _, let epsilon, let isOfVector): .norm(name: name, channels: shape[0], epsilon: epsilon, isOfVector: isOfVector)
        case .unflatten, .rectifier, .tanh: self
        }
    }

    /// Its entry in a `config.json`.
    var json: JSON {
        switch self {
        case .linear(let name, let inputs, let outputs, let hasBias):
            [
                "type": "Linear", "name": .string(name), "in_features": .integer(inputs), "out_features": .integer(outputs),
                "bias": .bool(hasBias),
            ]
        case .unflatten(let channels, let height, let width):
            ["type": "Unflatten", "channels": .integer(channels), "height": .integer(height), "width": .integer(width)]
        case .transposed(let name, let inputs, let outputs, let window, let hasBias):
            [
                "type": "ConvTranspose2d", "name": .string(name), "in_channels": .integer(inputs), "out_channels": .integer(outputs),
                "kernel_size": .integer(window.kernel), "stride": .integer(window.stride), "padding": .integer(window.padding),
                "output_padding": .integer(window.outputPadding), "bias": .bool(hasBias),
            ]
        case .norm(let name, let channels, let epsilon, let isOfVector):
            [
                "type": isOfVector ? "BatchNorm1d" : "BatchNorm2d", "name": .string(name), "num_features": .integer(channels),
                "eps": .double(epsilon),
            ]
        case .rectifier(let slope): slope == 0 ? ["type": "ReLU"] : ["type": "LeakyReLU", "negative_slope": .double(slope)]
        case .tanh: ["type": "Tanh"]
        }
    }
}
