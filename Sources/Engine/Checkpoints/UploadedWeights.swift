import Foundation

/// A network with the file that its weights are in: checked, and converted where need be, tensor by tensor, so that a checkpoint of any size
/// is taken in with little memory.
public struct UploadedWeights: Sendable {
    /// The network.
    public let model: any Architecture
    /// The noise schedule.
    public let schedule: NoiseSchedule
    /// The format most of the weights' numbers came in, and in which they are written.
    public let type: ScalarType
    private let source: any TensorSource
    private let names: [String: TensorEntry]

    /// Reads what is read before any number is, and checks that the tensors are the network's.
    ///
    /// - Parameters:
    ///   - config: the network's config.json.
    ///   - weights: exactly the model's tensors, under any names that ``Architecture/names(of:json:)`` knows.
    ///   - scheduler: scheduler_config.json; nil takes DDPM's defaults.
    /// - Throws: ``CheckpointError``.
    public init(config: Data, weights source: any TensorSource, scheduler: Data?) throws(CheckpointError) {
        (model, schedule, names) = try DiffusionCheckpoint.parts(config, source, scheduler)
        try DiffusionCheckpoint.check(model.graph.parameters, against: names)
        self.source = source
        type = DiffusionCheckpoint.commonType(source)
    }

    /// Whether the tensors have today's names and shapes, in formats that are kept, so that a safetensors file of them can be stored as it is.
    public var hasForm: Bool {
        let shapes = Dictionary(source.tensors.map { ($0.name, $0.shape) }) { first, _ in first }
        return source.tensors.allSatisfy { $0.type != .float64 } && model.graph.parameters.allSatisfy { shapes[$0.name] == $0.shape }
    }

    /// What writing the weights changes in their numbers, as sentences.
    public var conversions: [String] {
        Set(source.tensors.map(\.type)).subtracting([type]).map(\.torchName).sorted().map { other in
            "the weights are kept as \(type.torchName); some came as \(other)"
        }
    }

    /// Reads every number, and writes them as one safetensors file where there is a sink.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the reading.
    /// - Returns: what was ignored or looks wrong, as sentences.
    /// - Throws: ``CheckpointError``.
    public func read(writingTo sink: ((UnsafeRawBufferPointer) throws -> Void)?) throws -> [String] {
        var notFinite: [String] = []
        func walk(_ parameter: Parameter, _ put: (UnsafeBufferPointer<Float>) throws -> Void) throws {
            guard let entry = names[parameter.name] else { return }
            var isFinite = true
            try source.stream(entry.name) { numbers in
                isFinite = isFinite && numbers.allSatisfy(\.isFinite)
                try put(numbers)
            }
            if !isFinite { notFinite.append(parameter.name) }
        }
        let parameters = model.graph.parameters
        do {
            if let sink {
                let entries = parameters.map { SafeTensorsWriter.Entry(name: $0.name, shape: $0.shape) }
                try withoutActuallyEscaping(sink) { sink in
                    try SafeTensorsWriter(entries, type: type).write(to: sink) { index, put in try walk(parameters[index], put) }
                }
            } else {
                for parameter in parameters { try walk(parameter) { _ in } }
            }
        } catch let error as SafeTensorsError {
            throw CheckpointError.weights(error)
        }
        return model.warnings + schedule.warnings + source.notes
            + notFinite.prefix(8).map { "tensor \($0) holds numbers that are not finite" }
    }
}
