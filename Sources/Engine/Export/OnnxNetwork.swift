import Foundation

/// A network of a pipeline that is to be written as ONNX: what is checked and known before any number is read.
public struct OnnxNetwork: Sendable {
    private let graph: Graph
    private let interface: OnnxInterface
    private let source: any TensorSource
    /// The source's tensors by the graph's names.
    private let names: [String: TensorEntry]

    private init(
        _ graph: Graph, _ interface: OnnxInterface, _ source: any TensorSource, _ names: [String: TensorEntry]
    ) {
        (self.graph, self.interface, self.source, self.names) = (graph, interface, source, names)
    }

    /// A pipeline's network that removes noise.
    ///
    /// - Parameters:
    ///   - config: its config.json.
    ///   - weights: its tensors.
    /// - Throws: ``CheckpointError``.
    public init(denoiser config: Data, weights source: any TensorSource) throws(CheckpointError) {
        let (model, _, names) = try DiffusionCheckpoint.parts(config, source, nil)
        try DiffusionCheckpoint.check(model.graph.parameters, against: names)
        self.init(model.graph, .denoiser(model.graph), source, names)
    }

    /// One of an autoencoder's networks.
    ///
    /// - Parameters:
    ///   - configuration: of its config.json.
    ///   - weights: the tensors of both.
    /// - Returns: nil where the weights have no encoder.
    /// - Throws: ``CheckpointError``.
    public init?(
        _ half: AutoencoderHalf, _ configuration: AutoencoderConfiguration, weights source: any TensorSource
    ) throws(CheckpointError) {
        let model: AutoencoderModel
        do { model = try AutoencoderModel(configuration) } catch { throw .autoencoder(error) }
        let names = try DiffusionCheckpoint.named(source, source.tensors.map { AttentionNames.today($0.name) })
        let hasEncoder = names.keys.contains { $0.hasPrefix("encoder.") }
        try DiffusionCheckpoint.check((hasEncoder ? model.encoder.parameters : []) + model.decoder.parameters, against: names)
        guard half == .decoder || hasEncoder else { return nil }
        self.init(model.graph(half), half == .encoder ? .encoder(configuration) : .decoder(configuration), source, names)
    }

    /// A generator.
    ///
    /// - Parameters:
    ///   - config: its config.json.
    ///   - weights: its tensors.
    /// - Throws: ``CheckpointError``.
    public init(generator config: Data, weights source: any TensorSource) throws(CheckpointError) {
        let (model, _, names) = try DiffusionCheckpoint.parts(config, source, nil)
        try DiffusionCheckpoint.check(model.graph.parameters, against: names)
        self.init(model.graph, .generator(model.graph), source, names)
    }

    /// CLIP's text encoder.
    ///
    /// - Parameters:
    ///   - configuration: of its config.json.
    ///   - weights: its tensors, of which those of other parts of CLIP are left alone.
    /// - Throws: ``CheckpointError``.
    public init(textEncoder configuration: CLIPTextConfiguration, weights source: any TensorSource) throws(CheckpointError) {
        let model: CLIPTextModel
        do { model = try CLIPTextModel(configuration, tokens: 1) } catch { throw .graph(error) }
        var names: [String: TensorEntry] = [:]
        for entry in source.tensors {
            guard let name = CLIPTextModel.name(of: entry.name) else { continue }
            guard names.updateValue(entry, forKey: name) == nil else { throw .tensors([.unexpectedTensor(entry.name)], more: 0) }
        }
        try DiffusionCheckpoint.check(model.graph.parameters, against: names)
        self.init(model.graph, .textEncoder, source, names)
    }

    /// The table that makes tokens of classes.
    ///
    /// - Parameters:
    ///   - config: its config.json.
    ///   - weights: its tensor.
    /// - Throws: ``CheckpointError``.
    public init(classEmbedder config: Data, weights source: any TensorSource) throws(CheckpointError) {
        let embedder = try ClassEmbedder(config: config, weights: source)
        let graph: Graph
        do { graph = try embedder.graph() } catch { throw .graph(error) }
        self.init(graph, .classEmbedder, source, try DiffusionCheckpoint.named(source, source.tensors.map(\.name)))
    }

    /// Where the weights' own file has every number in a format that ONNX has too: then it is read from there. Nil where ``write(to:)`` has to
    /// make another.
    package var places: [String: TensorPlace]? {
        guard let reader = source as? SafeTensorsReader else { return nil }
        var places: [String: TensorPlace] = [:]
        for parameter in graph.parameters {
            guard let entry = names[parameter.name], let place = reader.place(of: entry.name), OnnxType(place.type) != nil else {
                return nil
            }
            places[parameter.name] = place
        }
        return places
    }

    /// Writes every number into a file, in one format but for frequencies, which are float32.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    /// - Returns: where each parameter's numbers are in it.
    /// - Throws: ``CheckpointError``, also where a finite number would become infinite.
    package func write(
        as common: ScalarType = .float32, to sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> [String: TensorPlace] {
        var places: [String: TensorPlace] = [:]
        var end = 0
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: (1 << 16) * ScalarType.float32.size, alignment: 16)
        defer { bytes.deallocate() }
        for parameter in graph.parameters {
            guard let entry = names[parameter.name] else { throw CheckpointError.tensors([.missingTensor(parameter.name)], more: 0) }
            let type = parameter.isTrained ? common : .float32
            do {
                try source.stream(entry.name) { numbers in
                    for start in stride(from: 0, to: numbers.count, by: 1 << 16) {
                        let part = UnsafeBufferPointer(rebasing: numbers[start..<min(start + (1 << 16), numbers.count)])
                        guard part.allSatisfy({ !$0.isFinite || type.holds($0) }) else {
                            throw CheckpointError.notRepresentable(tensor: entry.name, type: type.torchName)
                        }
                        type.encode(part, into: bytes)
                        try sink(UnsafeRawBufferPointer(rebasing: bytes[0..<part.count * type.size]))
                    }
                }
            } catch let error as SafeTensorsError {
                throw CheckpointError.weights(error)
            }
            let place = TensorPlace(type: type, offset: end, count: parameter.count)
            places[parameter.name] = place
            end += place.size
        }
        return places
    }

    /// The model's file, and that of its weights where it has one.
    ///
    /// - Parameters:
    ///   - places: ``places``, or what ``write(to:)`` gave.
    ///   - dataName: what the file of weights is called.
    ///   - producer: the program that writes it, and its version.
    package func file(
        _ places: [String: TensorPlace], dataName: String, producer: (name: String, version: String),
        largestModel: Int = OnnxFile.largestModel
    ) -> OnnxFile {
        let formats = places.compactMapValues { OnnxType($0.type) }.filter { $0.value != .float }
        return OnnxFile(
            OnnxGraph(graph, interface, formats: formats), places: places, dataName: dataName, producer: producer,
            largestModel: largestModel)
    }
}

extension OnnxType {
    /// ONNX's name of a format of weights; nil of one in which none are handed on.
    init?(_ type: ScalarType) {
        switch type {
        case .float32: self = .float
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }
}
