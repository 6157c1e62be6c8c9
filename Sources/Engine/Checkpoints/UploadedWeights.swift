import Documents
import Foundation

/// A network with the file that its weights are in: checked, and converted where need be, tensor by tensor, so that a checkpoint of any size
/// is taken in with little memory.
public struct UploadedWeights: Sendable {
    /// The network.
    public let model: any Architecture
    /// The noise schedule; nil where the network has none.
    public let schedule: NoiseSchedule?
    /// The formats that the weights' numbers came in, and in which they are written.
    public let formats: NumberFormats
    /// The configuration where it had to be told that the tensors' shapes are the widths; nil where it is as it was sent.
    public let freedConfig: Data?
    private let source: any TensorSource
    private let names: [String: TensorEntry]

    /// Reads what is read before any number is, and checks that the tensors are the network's.
    ///
    /// Where all that is wrong with them is that they are narrower than the configuration says, and they fit together, their shapes are the widths:
    /// so comes a result of ``Widths/free`` that was saved elsewhere, which forgets that it is one.
    ///
    /// - Parameters:
    ///   - config: the network's config.json.
    ///   - weights: exactly the model's tensors, under any names that ``Architecture/names(of:json:)`` knows.
    ///   - scheduler: scheduler_config.json; nil takes DDPM's defaults.
    /// - Throws: ``CheckpointError``.
    public init(config: Data, weights source: any TensorSource, scheduler: Data?) throws(CheckpointError) {
        self.source = source
        let told = try DiffusionCheckpoint.parts(config, source, scheduler)
        do throws(CheckpointError) {
            try DiffusionCheckpoint.check(told.model.graph.parameters, against: told.names)
            (model, schedule, names) = told
            freedConfig = nil
        } catch {
            guard Self.isNarrower(told.names, than: told.model.graph.parameters), let freed = Self.freed(config),
                let found = try? DiffusionCheckpoint.parts(freed, source, scheduler),
                (try? DiffusionCheckpoint.check(found.model.graph.parameters, against: found.names)) != nil
            else { throw error }
            (model, schedule, names) = found
            freedConfig = freed
        }
        formats = NumberFormats(of: names)
    }

    /// Whether there are exactly these tensors, none of them wider in any direction.
    private static func isNarrower(_ names: [String: TensorEntry], than parameters: [Parameter]) -> Bool {
        names.count == parameters.count
            && parameters.allSatisfy { parameter in
                guard let shape = names[parameter.name]?.shape, shape.count == parameter.shape.count else { return false }
                return zip(shape, parameter.shape).allSatisfy { $0 <= $1 }
            }
    }

    /// The configuration of the same network with widths that tensors tell; nil where it tells that already.
    private static func freed(_ config: Data) -> Data? {
        guard let document = try? JSON(parsing: Array(config), maximumValues: 10_000), document["pruned_widths"] ?? .null == .null else {
            return nil
        }
        return Data(document.replacing(["pruned_widths": .string(Widths.free.rawValue)]).pretty.utf8)
    }

    /// Whether the tensors have today's names and shapes, in formats that are kept, so that a safetensors file of them can be stored as it is.
    public var hasForm: Bool {
        let shapes = Dictionary(source.tensors.map { ($0.name, $0.shape) }) { first, _ in first }
        return source.tensors.allSatisfy { $0.type != .float64 } && model.graph.parameters.allSatisfy { shapes[$0.name] == $0.shape }
    }

    /// What there is to say of the numbers' formats.
    private var formatNotes: [Warning] {
        let doubles = source.tensors.count { $0.type == .float64 }
        let mixed = formats.exceptions.map { "\($0.value) in \($0.key.torchName)" }.sorted().joined(separator: " and ")
        let most = "number formats are mixed: most numbers are \(formats.common.torchName)"
        return [
            mixed.isEmpty ? nil : Warning(.formatsMixed, "\(most), of \(names.count) tensors \(mixed). Each keeps its own"),
            doubles == 0 ? nil : Warning(.weightsConverted, "\(doubles) tensors came as float64 and are kept as float32"),
        ].compactMap { $0 }
    }

    /// Reads every number, and writes them as one safetensors file where there is a sink.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the reading.
    /// - Returns: what was ignored or looks wrong.
    /// - Throws: ``CheckpointError``.
    public func read(writingTo sink: ((UnsafeRawBufferPointer) throws -> Void)?) throws -> [Warning] {
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
                let entries = parameters.map { SafeTensorsWriter.Entry(name: $0.name, shape: $0.shape, type: formats[$0.name]) }
                try withoutActuallyEscaping(sink) { sink in
                    try SafeTensorsWriter(entries, type: formats.common).write(to: sink) { index, put in
                        try walk(parameters[index], put)
                    }
                }
            } else {
                for parameter in parameters { try walk(parameter) { _ in } }
            }
        } catch let error as SafeTensorsError {
            throw CheckpointError.weights(error)
        }
        let freed = freedConfig.map { _ in
            Warning(
                .widthsTaken,
                "the weights are narrower than config.json says, and fit together: their shapes are taken for the widths "
                    + "(\"pruned_widths\": \"free\")")
        }
        let prefix = SharedPrefix.warning(source.tensors.map(\.name))
        return [freed, prefix].compactMap { $0 } + formatNotes + model.warnings + (schedule?.warnings ?? []) + source.notes
            + .notFinite(notFinite)
    }
}
