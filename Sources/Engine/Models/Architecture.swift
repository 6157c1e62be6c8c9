import Foundation

/// A network that the service can prune: what everything else asks of it. One family, one folder in `Models/`, one entry in ``Architectures``.
public protocol Architecture: Sendable {
    /// The `_class_name` of its `config.json`, which chooses it.
    static var className: String { get }

    /// The `_class_name` of ``config``.
    var className: String { get }

    /// Whether it is a pipeline's own network, that a noise schedule goes with, rather than one that stands by itself.
    static var hasSchedule: Bool { get }

    /// What the graph calls the tensors of a checkpoint, one by one; a name that is nobody's comes back as it is.
    ///
    /// - Throws: ``ConfigurationError`` when `json` asks for another function than the code that the tensors are named after computes.
    static func names(of tensors: [String], json: Data) throws(ConfigurationError) -> [String]

    /// Whether a tensor of a checkpoint is none of the network's and may be there all the same.
    static func isIgnored(_ tensor: String) -> Bool

    /// Reads a `config.json` and emits the graph.
    ///
    /// - Parameter shapes: the checkpoint's tensor shapes by the graph's names, for where the config does not tell the widths; empty
    ///   where weights are drawn afresh.
    /// - Throws: ``ArchitectureError``: the configuration's error names the key, the graph's the layer.
    init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError)

    /// The layers, and the names of what goes into them and comes out.
    var graph: Graph { get }

    /// One of the pictures, or latents, that the network is for.
    var sampleShape: Shape { get }

    /// What it can be scored, trained and judged by.
    var objectives: [ObjectiveName] { get }

    /// What it is told beside a sample and a timestep; nil where it is told nothing else.
    var condition: NetworkCondition? { get }

    /// The same network for another number of tokens, where it is told tokens; no parameter depends on that.
    ///
    /// - Throws: ``GraphError``.
    func told(tokens count: Int) throws(GraphError) -> Self

    /// Why there are no more ``objectives``, for whoever asks for one; nil where there is nothing to say.
    var objectiveNote: String? { get }

    /// The parameters in the order in which the network's constructor draws their initial values.
    var constructionOrder: [Parameter] { get }

    /// A `config.json` of this network.
    var config: Data { get }

    /// The same network on a map of half the height and width, where a step takes about a quarter of the time; nil where there is none.
    ///
    /// - Throws: ``ConfigurationError``.
    func halved() throws(ConfigurationError) -> Self?

    /// What was ignored in the config it was read from.
    var warnings: [Warning] { get }

    /// Whether the tensors' shapes tell the widths, and not the config: then stock diffusers cannot load it.
    var freeWidths: Bool { get }

    /// The width of each block, where the config has one for every block and tells it.
    var blockWidths: [Int]? { get }

    /// What blocks' widths stay multiples of.
    var blockRules: BlockRules { get }
    /// Whether a cut of the first block would replace the sinusoid of timesteps by a table.
    var isSinusoidOfFirstBlock: Bool { get }
    /// Whether a table tells it the timestep, which then is a whole number.
    var isToldByTable: Bool { get }

    /// The nodes whose outputs are those of its blocks, by name and in forward order; none where it has no blocks to compare.
    var blockOutputs: [String] { get }

    /// The layers that it can be without; none where its configuration does not say such a network.
    var optionalLayers: [OptionalLayers] { get }

    /// The network without some of ``optionalLayers``.
    ///
    /// - Throws: ``DepthError``, and what ``init(json:shapes:)`` throws.
    func leavingOut(_ modules: Set<String>) throws -> LeavingOut

    /// The network that a cut leaves.
    ///
    /// - Parameters:
    ///   - cut: what is left of ``graph``, some channels less.
    ///   - steps: timesteps of the noise schedule; nil where the network is told noise levels.
    /// - Throws: ``WidthsError``, ``GraphError``, ``ConfigurationError`` and ``ArchitectureError`` where no config describes what is left.
    func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> Self

    /// The values, in PyTorch's order by name, of the parameters that a pruned network has anew; all others are slices of this one's.
    ///
    /// - Parameters:
    ///   - weights: this network's.
    ///   - steps: timesteps of the noise schedule; nil where the network is told noise levels.
    /// - Throws: ``MatrixError``.
    func refitted(_ weights: Weights, for pruned: Self, steps: Int?) throws -> [String: [Float]]
}

extension Architecture {
    /// The type's own.
    public var className: String { Self.className }

    /// Most are.
    public static var hasSchedule: Bool { true }

    /// The graph's own names.
    public static func names(of tensors: [String], json: Data) throws(ConfigurationError) -> [String] { tensors }

    /// None is.
    public static func isIgnored(_ tensor: String) -> Bool { false }

    /// The input `sample`.
    public var sampleShape: Shape {
        guard let shape = graph.input("sample") else { fatalError("\(className) takes no sample and does not say what it is for") }
        return shape
    }

    /// A sample and a timestep are all.
    public var condition: NetworkCondition? { nil }

    /// It is told none.
    public func told(tokens count: Int) -> Self { self }

    /// CLIP's tokens.
    public static var usualTokenCount: Int { 77 }

    /// The same network told as many tokens as its pipeline tells it, whatever it is told now: what a checkpoint's figures are of.
    ///
    /// - Parameter tokens: nil for as many as usual.
    public func described(tokens: Int?) -> any Architecture { (try? told(tokens: tokens ?? Self.usualTokenCount)) ?? self }

    /// There is nothing to say.
    public var objectiveNote: String? { nil }

    /// The order of the graph.
    public var constructionOrder: [Parameter] { graph.parameters }

    /// The config tells every width.
    public var freeWidths: Bool { false }

    /// There are no such blocks.
    public var blockWidths: [Int]? { nil }

    /// Any width will do.
    public var blockRules: BlockRules { 1 }

    /// Nothing would be replaced.
    public var isSinusoidOfFirstBlock: Bool { false }

    /// There is no table.
    public var isToldByTable: Bool { false }

    /// There are no such blocks.
    public var blockOutputs: [String] { [] }

    /// It needs all of its layers.
    public var optionalLayers: [OptionalLayers] { [] }

    /// It needs all of its layers.
    ///
    /// - Throws: ``DepthError/needed(_:)``.
    public func leavingOut(_ modules: Set<String>) throws -> LeavingOut {
        if let needed = modules.min() { throw DepthError.needed(needed) }
        return LeavingOut(self)
    }

    /// ``graph`` with the output of every block leaving it too, under its node's name: to be run, not to be cut, as what leaves a graph keeps
    /// all of its channels.
    package var graphShowingBlocks: Graph {
        var graph = graph
        let places = Dictionary(graph.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
        for name in blockOutputs {
            if let node = places[name] { graph.addOutput(name, node) }
        }
        return graph
    }

    /// Every parameter is a slice.
    public func refitted(_ weights: Weights, for pruned: Self, steps: Int?) throws -> [String: [Float]] { [:] }
}
