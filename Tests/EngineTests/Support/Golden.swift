import Engine
import Foundation
import Testing

/// Files under Tests/Fixtures, and tensors of safetensors files among them.
enum Golden {
    static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func data(_ path: String) throws -> Data { try Data(contentsOf: fixtures.appendingPathComponent(path)) }

    struct Tensor {
        let shape: [Int]
        let values: [Float]
    }

    /// A plain reader of float32 safetensors, independent of the engine's own.
    static func tensors(_ path: String) throws -> [String: Tensor] {
        let data = try data(path)
        let headerSize = Int(data[0]) | Int(data[1]) << 8 | Int(data[2]) << 16 | Int(data[3]) << 24
        let header = try JSONSerialization.jsonObject(with: data[8..<(8 + headerSize)]) as? [String: Any] ?? [:]
        var tensors: [String: Tensor] = [:]
        for (name, entry) in header {
            guard let entry = entry as? [String: Any], let shape = entry["shape"] as? [Int],
                let offsets = entry["data_offsets"] as? [Int], entry["dtype"] as? String == "F32"
            else { continue }
            let bytes = data[(8 + headerSize + offsets[0])..<(8 + headerSize + offsets[1])]
            var values = [Float](repeating: 0, count: bytes.count / 4)
            _ = values.withUnsafeMutableBytes { bytes.copyBytes(to: $0) }
            tensors[name] = Tensor(shape: shape, values: values)
        }
        return tensors
    }

    /// A tiny U-Net of Tests/Fixtures/unet (made by make_unet_golden.py) with its weights.
    static func unet(_ name: String) throws -> (model: UNet2DModel, weights: Weights) {
        let model = try UNet2DModel(UNet2DConfiguration(json: data("unet/\(name)/config.json")))
        return (model, try weights(of: model.graph, "unet/\(name)"))
    }

    /// A tiny conditional U-Net of Tests/Fixtures/condition (made by make_unet_golden.py) with its weights, told as many tokens as its golden
    /// file has.
    static func condition(_ name: String) throws -> (model: UNet2DConditionModel, weights: Weights) {
        let configuration = try UNet2DConditionConfiguration(json: data("condition/\(name)/config.json"))
        let model = try UNet2DConditionModel(configuration, tokenCount: 5)
        return (model, try weights(of: model.graph, "condition/\(name)"))
    }

    private static func weights(of graph: Graph, _ folder: String) throws -> Weights {
        let weights = Weights(graph.parameters)
        for (name, tensor) in try tensors("\(folder)/weights.safetensors") {
            guard let index = weights.index(of: name), weights.parameters[index].shape == tensor.shape else {
                throw GraphError.unexpectedTensor(name)
            }
            weights.setTorchOrder(index, tensor.values)
        }
        return weights
    }
}

extension TrainedModel {
    /// The model, where it is a U-Net as those of the golden files are.
    var unet: UNet2DModel { get throws { try #require(model as? UNet2DModel) } }
}

extension Golden {
    /// A model's output in PyTorch's order for a golden file's `sample` and `timesteps`, two of each.
    static func run(_ trained: TrainedModel, _ golden: [String: Tensor]) throws -> [Float] {
        let executor = Executor(graph: trained.model.graph, weights: trained.weights, batch: 2, parallel: Parallel(threads: 2))
        guard let sample = golden["sample"], let timesteps = golden["timesteps"], sample.values.count == 2 * executor.sampleShape.count
        else {
            throw GraphError.missingTensor("sample")
        }
        PixelOrder.channelsLast(sample.values, to: executor.sample, batch: 2, shape: executor.sampleShape)
        for image in 0..<2 { executor.timesteps[image] = timesteps.values[image] }
        executor.forward()
        var output = [Float](repeating: 0, count: 2 * executor.outputShape.count)
        PixelOrder.channelsFirst(executor.output, to: &output, batch: 2, shape: executor.outputShape)
        return output
    }
}

/// max |a - b| / max |b|.
func relativeError(_ a: [Float], _ b: [Float]) -> Float {
    precondition(a.count == b.count)
    let largest = b.map(abs).max() ?? 0
    let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    return difference / max(largest, 1e-12)
}
