/// What the modules of a network are called in a file and in diffusers, both ways.
struct ModuleNames {
    /// What becomes of the layers in a module.
    struct Layers {
        /// The file's names and diffusers'; nil where they are the same.
        let pairs: [(file: String, today: String)]?
        /// Whether 1×1 convolutions become the linear layers that they are.
        var flattens = false

        /// All keep their names.
        static let same = Layers(pairs: nil)
        /// Of the U-Net's residual blocks.
        static let resnet = Layers(pairs: [
            ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
            ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut"),
        ])
        /// Of the U-Net's attention over pixels alone. ``CompVisUNet`` takes `to_qkv` apart.
        static let attention = Layers(
            pairs: [("norm", "group_norm"), ("qkv", "to_qkv"), ("proj_out", "to_out.0")], flattens: true)
        /// Of the autoencoder's residual blocks.
        static let plainResnet = Layers(pairs: [
            ("norm1", "norm1"), ("conv1", "conv1"), ("norm2", "norm2"), ("conv2", "conv2"), ("nin_shortcut", "conv_shortcut"),
        ])
        /// Of the autoencoder's attention.
        static let plainAttention = Layers(
            pairs: [("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")], flattens: true)

        func today(_ rest: String) -> String? { Self.renamed(rest, pairs) { ($0.file, $0.today) } }
        func former(_ rest: String) -> String? { Self.renamed(rest, pairs) { ($0.today, $0.file) } }

        private static func renamed(
            _ rest: String, _ pairs: [(file: String, today: String)]?, _ way: ((file: String, today: String)) -> (String, String)
        ) -> String? {
            guard let pairs else { return rest }
            for ending in [".weight", ".bias"] where rest.hasSuffix(ending) {
                let layer = rest.dropLast(ending.count)
                return pairs.lazy.map(way).first { $0.0 == layer }.map { $0.1 + ending }
            }
            return nil
        }
    }

    private var byFile: [String: (today: String, layers: Layers)] = [:]
    private var byToday: [String: (file: String, layers: Layers)] = [:]
    /// Parts of the longest module's name.
    private static let longest = 6

    /// Pairs a module's two names.
    mutating func add(_ file: String, _ today: String, _ layers: Layers = .same) {
        byFile[file] = (today, layers)
        byToday[today] = (file, layers)
    }

    /// diffusers' name of a tensor; nil of what is in no module that is known.
    func today(_ name: String) -> (name: String, isFlat: Bool)? {
        guard let (found, rest) = Self.split(name, byFile), let layer = found.layers.today(rest) else { return nil }
        return ("\(found.today).\(layer)", found.layers.flattens)
    }

    /// The file's name of a tensor; nil of what is in no module that is known.
    func former(_ name: String) -> String? {
        guard let (found, rest) = Self.split(name, byToday) else { return nil }
        if let layer = found.layers.former(rest) { return "\(found.file).\(layer)" }
        let isPart = ["to_q.", "to_k.", "to_v."].contains { rest.hasPrefix($0) }
        return isPart ? found.layers.former("to_qkv." + rest.dropFirst(5)).map { "\(found.file).\($0)" } : nil
    }

    /// The module that a name begins with, the longest of those that are known, and what follows.
    private static func split<Module>(_ name: String, _ modules: [String: Module]) -> (Module, String)? {
        let parts = name.split(separator: ".", maxSplits: 16, omittingEmptySubsequences: false)
        for count in (1...longest).reversed() where count < parts.count {
            if let module = modules[parts[..<count].joined(separator: ".")] { return (module, parts[count...].joined(separator: ".")) }
        }
        return nil
    }
}
