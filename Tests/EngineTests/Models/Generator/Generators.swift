import Documents
import Engine
import Foundation

/// Small generators as PyTorch's example writes them.
enum Generators {
    /// The tensors of a state dict, in its order: z to `widths`, then 3 channels; sides 4, 8, …
    static func tensors(_ z: Int, _ widths: [Int], prefix: String = "main.") -> [(name: String, shape: [Int])] {
        var tensors: [(name: String, shape: [Int])] = []
        let channels = [z] + widths + [3]
        for (place, pair) in zip(channels, channels.dropFirst()).enumerated() {
            let index = 3 * place
            tensors.append(("\(prefix)\(index).weight", [pair.0, pair.1, 4, 4]))
            guard place < widths.count else { break }
            for tensor in ["weight", "bias", "running_mean", "running_var"] {
                tensors.append(("\(prefix)\(index + 1).\(tensor)", [pair.1]))
            }
            tensors.append(("\(prefix)\(index + 1).num_batches_tracked", []))
        }
        return tensors
    }

    static func model(_ z: Int, _ widths: [Int]) throws -> DCGANGenerator {
        guard let read = try GeneratorStateDict(tensors(z, widths), path: "g.pth") else { fatalError("no generator") }
        return try DCGANGenerator(json: read.config, shapes: [:])
    }

    /// Norms that have seen something, and numbers of a size that tanh does not cut off.
    static func trained(_ z: Int, _ widths: [Int], seed: Int = 1) throws -> TrainedModel {
        let trained = TrainedModel(initializing: try model(z, widths), seed: seed)
        var generator = TorchGenerator(seed: seed)
        for (index, parameter) in trained.weights.parameters.enumerated() {
            let numbers = generator.uniform(parameter.count, from: -0.3, to: 0.3)
            let base: Float = parameter.name.hasSuffix("running_var") ? 0.5 : parameter.name.hasSuffix("weight") ? 1 : 0
            if parameter.shape.count == 1 { trained.weights.setTorchOrder(index, numbers.map { base + $0 }) }
        }
        return trained
    }

    static func layer(_ change: (inout [String: JSON]) -> Void) -> Data {
        var members: [String: JSON] = [
            "type": "ConvTranspose2d", "name": "a", "in_channels": 4, "out_channels": 3, "kernel_size": 4, "stride": 1, "padding": 0,
            "bias": false,
        ]
        change(&members)
        let layer = JSON.object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) })
        let document: JSON = ["_class_name": "DCGANGenerator", "layers": [layer, ["type": "Tanh"]]]
        return Data(document.compact.utf8)
    }
}
