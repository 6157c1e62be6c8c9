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
    public var bytes: Int { model.graph.parameterCount * MemoryLayout<Float>.stride + checkingCost }

    /// Bytes of memory that ``check()`` takes.
    public var checkingCost: Int { 3 * (model.layers.map { $0.shape.reduce(1, *) }.max() ?? 0) * MemoryLayout<Float>.stride }

    /// Reads every number that there would be to run the network, and keeps none.
    ///
    /// - Throws: as ``load()``.
    public func check() throws(CheckpointError) { for layer in model.layers { _ = try folded(layer.name, layer.shape) } }

    /// Reads the weights as float32, each norm folded into its convolution: w' = w · γ / √(σ² + ε), b' = β - μ · γ / √(σ² + ε).
    ///
    /// - Throws: ``CheckpointError``: a number that is not finite is refused, as every feature would be, and so is a variance below 0.
    public func load() throws(CheckpointError) -> Weights {
        let weights = Weights(model.graph.parameters)
        for layer in model.layers {
            guard let kernel = weights.index(of: "\(layer.name).weight"), let bias = weights.index(of: "\(layer.name).bias") else {
                continue
            }
            let folded = try folded(layer.name, layer.shape)
            weights.setTorchOrder(kernel, folded.kernel)
            weights.setTorchOrder(bias, folded.bias)
        }
        return weights
    }

    private func folded(_ name: String, _ shape: [Int]) throws(CheckpointError) -> (kernel: [Float], bias: [Float]) {
        let norm = try Self.norm.map { part throws(CheckpointError) in try read("\(name).bn.\(part)", count: shape[0]).map(Double.init) }
        guard norm[3].allSatisfy({ $0 >= 0 }) else { throw .contents(path: "\(name).bn.running_var", trouble: "holds a variance below 0") }
        let scales = zip(norm[0], norm[3]).map { $0 / ($1 + InceptionV3.epsilon).squareRoot() }
        var kernel = try read("\(name).conv.weight", count: shape.reduce(1, *))
        let row = kernel.count / shape[0]
        for place in kernel.indices { kernel[place] = Float(Double(kernel[place]) * scales[place / row]) }
        let bias = scales.indices.map { Float(norm[1][$0] - norm[2][$0] * scales[$0]) }
        // Finite numbers may be too large together.
        guard kernel.allSatisfy(\.isFinite), bias.allSatisfy(\.isFinite) else { throw .notFinite(tensor: "\(name).conv.weight") }
        return (kernel, bias)
    }

    private func read(_ name: String, count: Int) throws(CheckpointError) -> [Float] {
        var values = [Float](repeating: 0, count: count)
        do { try values.withUnsafeMutableBufferPointer { try source.read(name, into: $0) } } catch let error as SafeTensorsError {
            throw .weights(error)
        } catch let error as CheckpointError { throw error } catch { throw .missingFile(expected: "readable weights") }
        guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor: name) }
        return values
    }
}
