/// The weights of ``InceptionV3`` as pytorch-fid and torch-fidelity publish them, with the file that they are in: checked, and read when the network
/// is to run.
public struct InceptionCheckpoint: Sendable {
    /// The network.
    public let model: InceptionV3
    private let source: any TensorSource

    /// SHA-256 of the file that both publish: `pt_inception-2015-12-05-6726825d.pth` of pytorch-fid,
    /// `weights-inception-2015-12-05-6726825d.pth` of torch-fidelity.
    public static let publishedDigest = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"

    /// What a layer's norm has beside its kernel.
    private static let norm = ["weight", "bias", "running_mean", "running_var"]
    /// What the network has beyond its features, and nobody reads here.
    private static let ignored: Set<String> = ["fc.weight", "fc.bias"]

    /// Checks that the tensors are the network's, and reads no number.
    ///
    /// - Parameter source: the tensors, with the names of the published files (`Conv2d_1a_3x3.conv.weight`, `Conv2d_1a_3x3.bn.running_mean`).
    /// - Throws: ``CheckpointError``.
    public init(weights source: any TensorSource) throws(CheckpointError) {
        self.source = source
        let shapes = Dictionary(source.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        do { model = try InceptionV3(shapes: shapes) } catch { throw .tensors([error], more: 0) }
        try DiffusionCheckpoint.checkSize(parameters: model.graph.parameterCount)
        var known = Self.ignored
        var errors: [GraphError] = []
        for layer in model.layers {
            known.insert("\(layer.name).conv.weight")
            known.insert("\(layer.name).bn.num_batches_tracked")
            for name in Self.norm.map({ "\(layer.name).bn.\($0)" }) {
                known.insert(name)
                guard let shape = shapes[name] else {
                    errors.append(.missingTensor(name))
                    continue
                }
                if shape != [layer.shape[0]] { errors.append(.tensorShape(name: name, expected: [layer.shape[0]], found: shape)) }
            }
        }
        errors += source.tensors.filter { !known.contains($0.name) }.map { .unexpectedTensor($0.name) }
        guard errors.isEmpty else { throw .tensors(Array(errors.prefix(8)), more: max(0, errors.count - 8)) }
    }

    /// Bytes of the weights in memory, and of what reading them takes besides.
    public var bytes: Int {
        (model.graph.parameterCount + 2 * (model.layers.map { $0.shape.reduce(1, *) }.max() ?? 0)) * MemoryLayout<Float>.stride
    }

    /// Reads the weights as float32, each norm folded into its convolution: w' = w · γ / √(σ² + ε), b' = β - μ · γ / √(σ² + ε).
    ///
    /// - Throws: ``CheckpointError``: a number that is not finite is refused, as every feature would be, and so is a variance below 0.
    public func load() throws(CheckpointError) -> Weights {
        let weights = Weights(model.graph.parameters)
        for layer in model.layers {
            guard let kernel = weights.index(of: "\(layer.name).weight"), let bias = weights.index(of: "\(layer.name).bias") else {
                continue
            }
            let norm = try Self.norm.map { name throws(CheckpointError) in
                try read("\(layer.name).bn.\(name)", count: layer.shape[0]).map(Double.init)
            }
            guard norm[3].allSatisfy({ $0 >= 0 }) else {
                throw .contents(path: "\(layer.name).bn.running_var", trouble: "holds a variance below 0")
            }
            let scales = zip(norm[0], norm[3]).map { $0 / ($1 + InceptionV3.epsilon).squareRoot() }
            var values = try read("\(layer.name).conv.weight", count: layer.shape.reduce(1, *))
            let row = values.count / layer.shape[0]
            for place in values.indices { values[place] = Float(Double(values[place]) * scales[place / row]) }
            weights.setTorchOrder(kernel, values)
            weights.setTorchOrder(bias, scales.indices.map { Float(norm[1][$0] - norm[2][$0] * scales[$0]) })
        }
        return weights
    }

    private func read(_ name: String, count: Int) throws(CheckpointError) -> [Float] {
        var values = [Float](repeating: 0, count: count)
        do {
            try values.withUnsafeMutableBufferPointer { try source.read(name, into: $0) }
        } catch let error as SafeTensorsError {
            throw .weights(error)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .missingFile(expected: "readable weights")
        }
        guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor: name) }
        return values
    }
}
