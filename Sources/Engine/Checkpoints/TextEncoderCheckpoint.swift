import Foundation

/// A text encoder with the file that its weights are in: checked, and read when it is to run.
public struct TextEncoderCheckpoint: Sendable {
    /// The network.
    public let model: CLIPTextModel
    private let source: any TensorSource
    private let names: [String: TensorEntry]

    /// Checks that the tensors are the network's, and reads no number.
    ///
    /// - Parameters:
    ///   - configuration: of the config.json beside the weights.
    ///   - source: the model's tensors, named as transformers names them with or without `text_model.`; those of a whole CLIP model that are no
    ///     part of its text encoder are left alone.
    ///   - tokens: of every text.
    /// - Throws: ``CheckpointError``.
    public init(_ configuration: CLIPTextConfiguration, weights source: any TensorSource, tokens: Int) throws(CheckpointError) {
        do { model = try CLIPTextModel(configuration, tokens: tokens) } catch { throw .graph(error) }
        let limit = Int(ProcessInfo.processInfo.physicalMemory) / 16
        guard model.graph.parameterCount <= limit else { throw .tooLarge(parameters: model.graph.parameterCount, limit: limit) }
        self.source = source
        var names: [String: TensorEntry] = [:]
        for entry in source.tensors {
            guard let name = CLIPTextModel.name(of: entry.name) else { continue }
            guard names.updateValue(entry, forKey: name) == nil else { throw .tensors([.unexpectedTensor(entry.name)], more: 0) }
        }
        self.names = names
        try DiffusionCheckpoint.check(model.graph.parameters, against: names)
    }

    /// Reads the weights, all numbers as float32.
    ///
    /// - Throws: ``CheckpointError``; a number that is not finite is refused, as every embedding would be.
    public func load() throws(CheckpointError) -> Weights {
        let weights = Weights(model.graph.parameters)
        for (index, parameter) in weights.parameters.enumerated() {
            guard let entry = names[parameter.name] else { continue }
            let values = UnsafeMutableBufferPointer(start: weights.pointer(index), count: parameter.count)
            do {
                try source.read(entry.name, into: values)
            } catch let error as SafeTensorsError {
                throw .weights(error)
            } catch let error as CheckpointError {
                throw error
            } catch {
                throw .missingFile(expected: "readable weights")
            }
            guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor: entry.name) }
        }
        return weights
    }
}
