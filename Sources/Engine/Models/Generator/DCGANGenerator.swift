import Foundation

/// A generator as DCGAN has it (arXiv 1511.06434): from the input `noise`, by transposed convolutions and norms one after the other, to `picture`.
///
/// Parameters have the names that they have in the checkpoint, so that whoever wrote the network loads the result: `main.0.weight` in PyTorch's
/// example. The first layer's inputs, the picture's channels, and what a vector becomes a map of keep their widths whatever is cut.
public struct DCGANGenerator: Architecture {
    /// The class that configs name.
    public static var className: String { "DCGANGenerator" }
    /// It stands by itself.
    public static var hasSchedule: Bool { false }
    /// The input's name.
    public static let noise = "noise"
    /// The output's name.
    public static let picture = "picture"

    /// Its modules.
    public let configuration: GeneratorConfiguration
    /// The layers.
    public let graph: Graph

    /// Counts of batches, which training leaves and nothing reads.
    public static func isIgnored(_ tensor: String) -> Bool { tensor.hasSuffix(".num_batches_tracked") }

    /// Reads a `config.json` and emits the graph.
    ///
    /// - Throws: ``ArchitectureError``; of the graph where a module does not take what the one before it gives.
    public init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
        let noise: Shape
        do {
            configuration = try GeneratorConfiguration(json: json)
            noise = try configuration.noise()
        } catch { throw .configuration(error) }
        var graph = Graph()
        do {
            var hidden = try graph.add(Self.noise, Input(noise))
            for (index, layer) in configuration.layers.enumerated() {
                hidden = try graph.add(layer.name ?? "layers.\(index)", layer.operation, [hidden])
            }
            graph.addOutput(Self.picture, hidden)
        } catch { throw .graph(error) }
        self.graph = graph
    }

    /// One of its pictures.
    public var sampleShape: Shape { graph.output(Self.picture) ?? .vector(1) }

    /// Its own pictures are all that it is judged by.
    public var objectives: [ObjectiveName] { [.generation] }

    /// The modules as they were read, or as wide as a cut left them.
    public var config: Data { configuration.json }

    /// What was ignored in the configuration.
    public var warnings: [Warning] { configuration.warnings }

    /// The generator that a cut leaves, whose config tells the new widths.
    ///
    /// - Throws: ``ArchitectureError``.
    public func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> DCGANGenerator {
        let shapes = Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) })
        return try DCGANGenerator(json: configuration.json(of: shapes), shapes: [:])
    }
}
