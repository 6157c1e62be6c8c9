import Documents
import Foundation

/// A state dict without a configuration, read as that of a DCGAN's generator: one `nn.Sequential`, of which numbers tell the order, names the norms
/// and shapes the widths. What neither tells is taken for what PyTorch's example has, and told.
public struct GeneratorStateDict: Sendable {
    /// The `config.json` that it comes to.
    public let config: Data
    /// What was assumed.
    public let warnings: [Warning]

    /// The tensors of a module of the sequence.
    struct Module {
        /// Its number in the sequence.
        let index: Int
        let name: String
        var shapes: [String: [Int]] = [:]
    }

    private static let leaves: Set = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    private static let mostModules = 128

    /// - Parameters:
    ///   - tensors: of the file.
    ///   - path: what the file is called in errors.
    /// - Returns: nil where the names are none of one sequence with weights of convolutions in it.
    /// - Throws: ``CheckpointError/contents(path:trouble:)`` where they are, but not those of a generator that is read.
    public init?(_ tensors: [(name: String, shape: [Int])], path: String) throws(CheckpointError) {
        guard let modules = Self.modules(tensors), modules.contains(where: { $0.shapes["weight"]?.count == 4 }) else { return nil }
        var walk = GeneratorWalk()
        do throws(GeneratorWalk.Trouble) {
            for module in modules { try walk.add(module) }
            try walk.end()
        } catch {
            throw .contents(
                path: path,
                trouble: "there is no configuration, and it is not read as a DCGAN's generator (\(error.text)). A config.json of "
                    + "_class_name \"\(DCGANGenerator.className)\" beside it says what its modules are")
        }
        config = Data(GeneratorConfiguration.json(walk.layers).pretty.utf8)
        warnings = [
            Warning(
                .assumedSettings,
                "\(path) has no configuration and is taken for a DCGAN's generator as PyTorch's example writes it: "
                    + "\(walk.assumptions.joined(separator: ", ")). Where another was trained, send a config.json with it")
        ]
    }

    /// The modules of the one sequence in their order; nil where there are others.
    private static func modules(_ tensors: [(name: String, shape: [Int])]) -> [Module]? {
        var found: [Int: Module] = [:]
        var prefix: Substring?
        for tensor in tensors {
            let parts = tensor.name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count >= 2, tensor.name.utf8.count <= 200, let leaf = parts.last.map(String.init), leaves.contains(leaf),
                let index = Int(parts[parts.count - 2]), (0...9999).contains(index), String(index) == parts[parts.count - 2]
            else { return nil }
            let name = tensor.name.dropLast(leaf.utf8.count + 1)
            let before = name.dropLast(parts[parts.count - 2].utf8.count)
            guard prefix == nil || prefix == before else { return nil }
            prefix = before
            found[index, default: Module(index: index, name: String(name))].shapes[leaf] = tensor.shape
        }
        guard (1...mostModules).contains(found.count) else { return nil }
        return found.values.sorted { $0.index < $1.index }
    }
}
