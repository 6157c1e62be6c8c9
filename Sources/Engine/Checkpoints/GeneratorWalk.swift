/// A walk over the modules that a state dict has tensors of, which puts those between them that have none.
struct GeneratorWalk {
    /// Why it ends early, as the rest of a sentence.
    struct Trouble: Error {
        let text: String
    }

    private(set) var layers: [GeneratorLayer] = []
    /// What shapes did not tell, module by module.
    private(set) var assumptions: [String] = []
    /// The number that the next module has where none without tensors stands between.
    private var next = 0
    /// Channels that the last module gives, or numbers of a vector.
    private var channels: Int?
    /// A vector that is to become a map.
    private var isVector = false
    private var last = ""

    /// PyTorch's example doubles sides by kernels of 4; the others are those that keep sides or double them.
    private static let windows: [Int: ConvTranspose2d.Window] = [
        1: .init(kernel: 1, stride: 1, padding: 0), 2: .init(kernel: 2, stride: 2, padding: 0),
        3: .init(kernel: 3, stride: 1, padding: 1), 4: .init(kernel: 4, stride: 2, padding: 1),
        5: .init(kernel: 5, stride: 2, padding: 2, outputPadding: 1), 6: .init(kernel: 6, stride: 2, padding: 2),
    ]

    /// Adds a module, and what stands before it.
    mutating func add(_ module: GeneratorStateDict.Module) throws(Trouble) {
        guard let weight = module.shapes["weight"] else { throw Trouble(text: "\(module.name) has no weight") }
        let gap = module.index - next
        next = module.index + 1
        if module.shapes["running_mean"] != nil || module.shapes["running_var"] != nil {
            try norm(module, weight, gap: gap)
        } else if weight.count == 4 {
            try transposed(module, weight, gap: gap)
        } else if weight.count == 2, channels == nil, gap == 0 {
            try linear(module, weight)
        } else {
            throw Trouble(text: "\(module.name).weight has shape \(weight), which is none of a module that is known there")
        }
        last = module.name
    }

    /// Adds what comes after the last.
    mutating func end() throws(Trouble) {
        guard !isVector else { throw Trouble(text: "nothing makes a map of what \(last) gives") }
        layers.append(.tanh)
        assumptions.append("Tanh after \(last)")
    }

    /// The modules without tensors that stand between two that have some.
    private mutating func between(_ gap: Int, before name: String, channels wanted: Int) throws(Trouble) {
        var left = gap
        if isVector, let given = channels, given != wanted {
            let pixels = given / max(1, wanted)
            let side = (1...max(1, pixels)).first { $0 * $0 >= pixels } ?? 1
            guard wanted > 0, side * side * wanted == given else {
                throw Trouble(text: "\(last) gives \(given) numbers, which are no square map of \(name)'s \(wanted) channels")
            }
            // The module that does so may stand in the network's own code instead.
            if left > 0 { left -= 1 }
            if left > 0 { activate() }
            left -= left > 0 ? 1 : 0
            layers.append(.unflatten(channels: wanted, height: side, width: side))
            assumptions.append("a map of \(wanted)×\(side)×\(side) before \(name)")
            channels = wanted
            isVector = false
        } else if left == 1, !layers.isEmpty {
            activate()
            left = 0
        }
        guard left == 0 else {
            throw Trouble(text: "\(gap) modules without tensors stand before \(name), of which no more than an activation is guessed")
        }
    }

    private mutating func activate() {
        layers.append(.rectifier(slope: 0))
        assumptions.append("ReLU after \(last)")
    }

    private mutating func norm(_ module: GeneratorStateDict.Module, _ weight: [Int], gap: Int) throws(Trouble) {
        for tensor in ["weight", "bias", "running_mean", "running_var"] where module.shapes[tensor] != weight {
            throw Trouble(text: "\(module.name).\(tensor) is not there, or not as long as its weight")
        }
        guard weight.count == 1 else { throw Trouble(text: "\(module.name).weight has shape \(weight), not one number for each channel") }
        try between(gap, before: module.name, channels: weight[0])
        guard channels == weight[0] else {
            let given = channels.map(String.init) ?? "none"
            throw Trouble(text: "\(module.name) is a norm of \(weight[0]) channels, where \(given) are given")
        }
        layers.append(.norm(name: module.name, channels: weight[0], epsilon: 1e-5, isOfVector: isVector))
    }

    private mutating func linear(_ module: GeneratorStateDict.Module, _ weight: [Int]) throws(Trouble) {
        try checkBias(module, weight[0])
        layers.append(
            .linear(name: module.name, inFeatures: weight[1], outFeatures: weight[0], hasBias: module.shapes["bias"] != nil))
        (channels, isVector) = (weight[0], true)
    }

    private mutating func transposed(_ module: GeneratorStateDict.Module, _ weight: [Int], gap: Int) throws(Trouble) {
        let (inputs, outputs, kernel) = (weight[0], weight[1], weight[2])
        try checkBias(module, outputs)
        guard weight[3] == kernel else { throw Trouble(text: "\(module.name).weight has shape \(weight), whose kernel is no square") }
        try between(gap, before: module.name, channels: inputs)
        if let channels, channels != inputs {
            throw Trouble(
                text: "as a transposed convolution \(module.name) takes \(inputs) channels, where \(channels) are given: a "
                    + "discriminator's, and other convolutions, have them the other way round")
        }
        guard !isVector else { throw Trouble(text: "nothing makes a map of what \(last) gives") }
        let first = ConvTranspose2d.Window(kernel: kernel, stride: 1, padding: 0)
        guard let window = channels == nil ? first : Self.windows[kernel] else {
            throw Trouble(text: "of a kernel of \(kernel), as \(module.name) has it, stride and padding are not guessed")
        }
        let more = window.outputPadding > 0 ? " and output padding \(window.outputPadding)" : ""
        assumptions.append("\(module.name) of stride \(window.stride), padding \(window.padding)\(more)")
        layers.append(
            .transposed(name: module.name, inChannels: inputs, outChannels: outputs, window, hasBias: module.shapes["bias"] != nil))
        channels = outputs
    }

    private func checkBias(_ module: GeneratorStateDict.Module, _ outputs: Int) throws(Trouble) {
        guard let bias = module.shapes["bias"], bias != [outputs] else { return }
        throw Trouble(text: "\(module.name).bias has shape \(bias), where \(outputs) numbers belong")
    }
}
