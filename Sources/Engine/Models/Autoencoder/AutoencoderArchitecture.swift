import Foundation

/// An autoencoder as a network that is pruned: one graph from a picture to what is made of its latents, both halves in it.
///
/// From `sample` it computes `reconstruction`. Latents, the layers around them, the table and the pictures keep their channels whatever is
/// cut, as others go by them. Parameters and their order are ``AutoencoderModel``'s.
public protocol AutoencoderArchitecture: Architecture {
    /// What the checkpoint's config.json says.
    var configuration: AutoencoderConfiguration { get }

    /// The `_class_name`s of the configurations that it is made of.
    static var classNames: [String] { get }

    /// Whether the decoder alone is trained and cut.
    static var isEncoderFixed: Bool { get }

    /// - Parameters:
    ///   - blockOutputs: the nodes that give what the decoder's blocks return.
    init(_ configuration: AutoencoderConfiguration, graph: Graph, blockOutputs: [String])
}

extension AutoencoderArchitecture {
    /// Its own.
    public static var classNames: [String] { [className] }

    /// Both halves are.
    public static var isEncoderFixed: Bool { false }

    /// It stands by itself, or beside a pipeline's own network.
    public static var hasSchedule: Bool { false }

    /// Today's names, for diffusers' former ones of attention.
    public static func names(of tensors: [String], json: Data) throws(ConfigurationError) -> [String] {
        tensors.map(AttentionNames.today)
    }

    /// Reads a `config.json` and emits the graph for pictures of its `sample_size`.
    ///
    /// - Throws: ``ArchitectureError``; of the graph when free widths do not fit together.
    public init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
        let configuration: AutoencoderConfiguration
        do {
            configuration = try AutoencoderConfiguration(json: json)
            try Self.check(configuration)
        } catch { throw .configuration(error) }
        var builder = AutoencoderBuilder(configuration, shapes: shapes, isEncoderFixed: Self.isEncoderFixed)
        do {
            try builder.reconstruct(height: configuration.sampleHeight, width: configuration.sampleWidth)
        } catch { throw .graph(error) }
        self.init(configuration, graph: builder.graph, blockOutputs: builder.decoderBlocks)
    }

    static func check(_ configuration: AutoencoderConfiguration) throws(ConfigurationError) {
        guard classNames.contains(configuration.className) else {
            throw .invalid(
                key: "_class_name", expected: classNames.map { "\"\($0)\"" }.joined(separator: " or "), found: configuration.className)
        }
        let (height, width) = (configuration.sampleHeight, configuration.sampleWidth)
        do { try configuration.check(height: height, width: width) } catch {
            throw .invalid(key: "sample_size", expected: "a size that it can work on (\(error))", found: "\(height)×\(width)")
        }
    }

    /// Reconstruction, where what comes out is like what goes in.
    public var objectives: [ObjectiveName] { objectiveNote == nil ? [.reconstruction] : [] }

    /// Where it is not.
    public var objectiveNote: String? {
        guard configuration.inChannels != configuration.outChannels else { return nil }
        return "it makes pictures of another number of channels (\(configuration.outChannels)) than it takes (\(configuration.inChannels))"
    }

    /// That of diffusers' constructor.
    public var constructionOrder: [Parameter] { configuration.constructionOrder(graph.parameters) }

    /// The configuration as it was read, and what pruning changed in it.
    public var config: Data { configuration.json() }

    /// What was ignored in the configuration.
    public var warnings: [Warning] { configuration.warnings }

    /// `pruned_widths: "free"`.
    public var freeWidths: Bool { configuration.freeWidths }

    /// `block_out_channels`, of both halves, or the decoder's where it alone is cut; nil where tensors tell the widths.
    public var blockWidths: [Int]? { freeWidths ? nil : configuration.decoderBlockOutChannels }

    /// What the norms of all blocks ask for.
    public var blockRules: BlockRules {
        let spatial = configuration.hasSpatialNorms ? AutoencoderBuilder.spatialNormGroups : 1
        return BlockRules(leastCommonMultiple(configuration.normGroups, spatial), blocks: configuration.decoderBlockOutChannels)
    }

    /// The autoencoder that a cut leaves: with ``Widths/diffusers`` the config tells the new widths, one for each block of either half.
    ///
    /// - Throws: ``WidthsError``; ``GraphError`` and ``ConfigurationError`` where no config of ``Widths/diffusers`` describes what is left.
    public func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> Self {
        let shapes = Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) })
        if widths == .free {
            return try Self(json: configuration.json(replacing: ["pruned_widths": .string(Widths.free.rawValue)]), shapes: shapes)
        }
        let before = configuration.blockOutChannels
        let blocks = before.indices.map { shapes["encoder.down_blocks.\($0).resnets.0.conv1.weight"]?[0] ?? before[$0] }
        try WidthsError.checkNeighbours(before, blocks)
        let result = try Self(json: configuration.json(replacing: ["block_out_channels": .integers(blocks)]), shapes: [:])
        try result.checkShapes(shapes) { _ in true }
        return result
    }

    /// Refuses tensors that are not this network's.
    ///
    /// - Parameter isMeant: of names; others are not looked at.
    func checkShapes(_ shapes: [String: [Int]], where isMeant: (String) -> Bool) throws(GraphError) {
        for parameter in graph.parameters where isMeant(parameter.name) {
            guard let found = shapes[parameter.name] else { throw .missingTensor(parameter.name) }
            guard found == parameter.shape else { throw .tensorShape(name: parameter.name, expected: parameter.shape, found: found) }
        }
    }
}
