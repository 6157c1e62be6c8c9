import Foundation

/// A network with its weights and, where one goes with it, its noise schedule, as read from a diffusers checkpoint.
public struct DiffusionCheckpoint: Sendable {
    /// The model.
    public let trained: TrainedModel
    /// The noise schedule; nil where the network has none (``Architecture/hasSchedule``).
    public let schedule: NoiseSchedule?
    /// The formats that the weights' numbers came in.
    public let formats: NumberFormats
    /// What was ignored or looks wrong.
    public let warnings: [Warning]

    /// A checkpoint made of its parts.
    public init(trained: TrainedModel, schedule: NoiseSchedule?, formats: NumberFormats, warnings: [Warning] = []) {
        self.trained = trained
        self.schedule = schedule
        self.formats = formats
        self.warnings = warnings
    }

    /// Reads a checkpoint as it is stored: weights in one safetensors file.
    ///
    /// - Parameters:
    ///   - config: the network's config.json.
    ///   - weights: a safetensors file with exactly the model's tensors.
    ///   - scheduler: scheduler_config.json; nil takes DDPM's defaults.
    /// - Throws: ``CheckpointError``.
    public init(config: Data, weights path: String, scheduler: Data?) throws(CheckpointError) {
        let reader: SafeTensorsReader
        do { reader = try SafeTensorsReader(path: path) } catch { throw .weights(error) }
        try self.init(config: config, weights: reader, scheduler: scheduler)
    }

    /// Reads a checkpoint from any weights.
    ///
    /// - Parameters:
    ///   - config: the network's config.json.
    ///   - weights: exactly the model's tensors, under any names that ``Architecture/names(of:json:)`` knows.
    ///   - scheduler: scheduler_config.json; nil takes DDPM's defaults.
    ///   - known: what kind of network to take it for; nil goes by the configuration.
    /// - Throws: ``CheckpointError``.
    public init(
        config: Data, weights source: any TensorSource, scheduler: Data?, as known: (any Architecture.Type)? = nil
    ) throws(CheckpointError) {
        let (model, schedule, names) = try Self.parts(config, source, scheduler, as: known)
        try Self.check(model.graph.parameters, against: names)
        let weights = try Self.read(source, names, model.graph.parameters)
        let trained = TrainedModel(model: model, weights: weights)
        let warnings = model.warnings + (schedule?.warnings ?? []) + source.notes + .notFinite(weights.tensorsNotFinite)
        self.init(trained: trained, schedule: schedule, formats: NumberFormats(of: names), warnings: warnings)
    }

    /// A model with fresh weights: a config without a weights file.
    ///
    /// - Parameter seed: weights are drawn as the network's constructor draws them after `torch.manual_seed(seed)`.
    /// - Throws: ``CheckpointError``.
    public init(config: Data, initializingFrom seed: Int, scheduler: Data?) throws(CheckpointError) {
        let (model, schedule) = try Self.untrained(config: config, scheduler: scheduler)
        let trained = TrainedModel(initializing: model, seed: seed)
        self.init(
            trained: trained, schedule: schedule, formats: NumberFormats(.float32), warnings: model.warnings + (schedule?.warnings ?? []))
    }

    /// A config without weights.
    static func untrained(config: Data, scheduler: Data?) throws(CheckpointError) -> (any Architecture, NoiseSchedule?) {
        let architecture = try architecture(config)
        return (try model(architecture, config, shapes: [:]), try schedule(scheduler, of: architecture))
    }

    /// Writes the weights as one safetensors file of this checkpoint's number formats.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    public func writeWeights(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        let weights = trained.weights
        let entries = weights.parameters.map { SafeTensorsWriter.Entry($0, formats) }
        try SafeTensorsWriter(entries, type: formats.common).write(to: sink) { index, put in
            try weights.torchOrder(index).withUnsafeBufferPointer { try put($0) }
        }
    }

    /// The architecture and noise schedule alone: reads the weights' header for shapes, not their numbers.
    ///
    /// - Throws: ``CheckpointError``.
    public static func architecture(
        config: Data, weights source: any TensorSource, scheduler: Data?, as known: (any Architecture.Type)? = nil
    ) throws(CheckpointError) -> (model: any Architecture, schedule: NoiseSchedule?) {
        let (model, schedule, _) = try parts(config, source, scheduler, as: known)
        return (model, schedule)
    }

    /// What is read before any number is: the model, its schedule, and the tensors by the graph's names.
    static func parts(
        _ config: Data, _ source: any TensorSource, _ scheduler: Data?, as known: (any Architecture.Type)? = nil
    ) throws(CheckpointError) -> (model: any Architecture, schedule: NoiseSchedule?, names: [String: TensorEntry]) {
        let architecture: any Architecture.Type
        if let known { architecture = known } else { architecture = try self.architecture(config) }
        let names = try renamed(source, architecture, config)
        let model = try model(architecture, config, shapes: names.mapValues(\.shape))
        return (model, try schedule(scheduler, of: architecture), names)
    }

    private static func architecture(_ config: Data) throws(CheckpointError) -> any Architecture.Type {
        do { return try Architectures.named(in: config) } catch { throw .configuration(path: "config.json", error) }
    }

    private static func schedule(
        _ scheduler: Data?, of architecture: any Architecture.Type
    ) throws(CheckpointError) -> NoiseSchedule? {
        guard architecture.hasSchedule else { return nil }
        do { return try NoiseSchedule(json: scheduler) } catch { throw .configuration(path: "scheduler_config.json", error) }
    }

    private static func model(
        _ architecture: any Architecture.Type, _ config: Data, shapes: [String: [Int]]
    ) throws(CheckpointError) -> any Architecture {
        let model: any Architecture
        do { model = try architecture.init(json: config, shapes: shapes) } catch {
            switch error {
            case .configuration(let error): throw .configuration(path: "config.json", error)
            case .graph(let error): throw .graph(error)
            }
        }
        try checkSize(parameters: model.graph.parameterCount)
        return model
    }

    /// Refuses a network that would not fit into this machine's memory beside its gradients and moments.
    static func checkSize(parameters: Int) throws(CheckpointError) {
        let limit = Int(ProcessInfo.processInfo.physicalMemory) / 16
        guard parameters <= limit else { throw .tooLarge(parameters: parameters, limit: limit) }
    }

    /// The tensors by the graph's names.
    ///
    /// - Throws: ``CheckpointError/tensors(_:more:)`` when two tensors mean the same parameter.
    private static func renamed(
        _ source: any TensorSource, _ architecture: any Architecture.Type, _ config: Data
    ) throws(CheckpointError) -> [String: TensorEntry] {
        let today: [String]
        do { today = try architecture.names(of: SharedPrefix.takenOff(source.tensors.map(\.name)), json: config) } catch {
            throw .configuration(path: "config.json", error)
        }
        return try named(source, today).filter { !architecture.isIgnored($0.key) }
    }

    /// The tensors by other names, given one by one.
    ///
    /// - Throws: ``CheckpointError/tensors(_:more:)`` when two tensors mean the same parameter.
    static func named(_ source: any TensorSource, _ names: [String]) throws(CheckpointError) -> [String: TensorEntry] {
        var entries: [String: TensorEntry] = [:]
        for (name, entry) in zip(names, source.tensors) {
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw .tensors([.unexpectedTensor(entry.name)], more: 0)
            }
        }
        return entries
    }

    static func check(_ parameters: [Parameter], against names: [String: TensorEntry]) throws(CheckpointError) {
        var errors: [GraphError] = []
        for parameter in parameters {
            guard let entry = names[parameter.name] else {
                errors.append(.missingTensor(parameter.name))
                continue
            }
            // A linear layer may be stored as a 1×1 convolution.
            let isPointwise = entry.shape == parameter.shape + [1, 1] && parameter.shape.count == 2
            if entry.shape != parameter.shape && !isPointwise {
                errors.append(.tensorShape(name: entry.name, expected: parameter.shape, found: entry.shape))
            }
        }
        let known = Set(parameters.map(\.name))
        let unknown = names.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
        let strangers = unknown.map { GraphError.unexpectedTensor($0.value.name) }
        // Of what is in the way as much is told as of what is missing: often one is the other under another name.
        let told = errors.prefix(max(4, 8 - strangers.count)) + strangers.prefix(max(4, 8 - errors.count))
        guard told.isEmpty else {
            // Of other networks than U-Nets nothing is called as what the reading goes by.
            let isUnderPrefix = known.contains(SharedPrefix.first) && names[SharedPrefix.first] == nil
            let reading = isUnderPrefix ? SharedPrefix.reading(names.values.map(\.name)).map { [GraphError.reading($0)] } ?? [] : []
            throw .tensors(reading + told, more: errors.count + strangers.count - told.count)
        }
    }

    /// The numbers of some parameters, from tensors by the graph's names.
    static func read(
        _ source: any TensorSource, _ names: [String: TensorEntry], _ parameters: [Parameter]
    ) throws(CheckpointError) -> Weights {
        let weights = Weights(parameters)
        let values = Buffer(count: parameters.map(\.count).max() ?? 0)
        do {
            for (index, parameter) in parameters.enumerated() {
                guard let entry = names[parameter.name] else { continue }
                let run = UnsafeMutableBufferPointer(start: values.pointer, count: parameter.count)
                try source.read(entry.name, into: run)
                weights.setTorchOrder(index, UnsafeBufferPointer(run))
            }
        } catch let error as SafeTensorsError {
            throw .weights(error)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .missingFile(expected: "readable weights")
        }
        return weights
    }
}
