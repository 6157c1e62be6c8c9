import Foundation

/// A table that makes a token of a class's number: what class-conditional latent diffusion tells its network (`ClassEmbedder` of CompVis's code,
/// `ldm/modules/encoders/modules.py`; arXiv 2112.10752). Its last row is the empty class's where it has one more than there are classes.
public struct ClassEmbedder: Sendable {
    /// Rows: how many classes it knows.
    public let classes: Int
    /// Numbers of a token: the U-Net's `cross_attention_dim`.
    public let width: Int
    private let parameter: Parameter
    private let source: any TensorSource

    /// Where a pipeline's folder has it.
    public static let folder = "class_embedder"
    /// More rows than a data set can have classes, and the empty one's.
    private static let mostClasses = 10_001

    /// Bytes that the table takes once it is read.
    public var bytes: Int { parameter.count * MemoryLayout<Float>.stride }

    /// Checks the table's configuration and tensor, and reads no number.
    ///
    /// - Parameters:
    ///   - config: such as `{"n_classes": 1001, "embed_dim": 512}`.
    ///   - weights: `embedding.weight` alone, (``classes``, ``width``).
    /// - Throws: ``CheckpointError``.
    public init(config: Data, weights: any TensorSource) throws(CheckpointError) {
        do throws(ConfigurationError) {
            var reader = try ConfigurationReader(json: config)
            classes = try Self.size("n_classes", limit: Self.mostClasses, &reader)
            width = try Self.size("embed_dim", limit: ConfigurationLimits.channels, &reader)
        } catch {
            throw .configuration(path: "\(Self.folder)/config.json", error)
        }
        parameter = Parameter("embedding.weight", [classes, width], .normal)
        source = weights
        try DiffusionCheckpoint.check([parameter], against: DiffusionCheckpoint.named(source, source.tensors.map(\.name)))
    }

    /// What ``graph()`` calls the number that goes in and the token that comes out.
    static let (input, output) = ("class_labels", "encoder_hidden_states")

    /// The table as a network.
    ///
    /// - Throws: ``GraphError``.
    func graph() throws(GraphError) -> Graph {
        var graph = Graph()
        let number = try graph.add(Self.input, Input(.vector(1)))
        graph.addOutput(
            Self.output, try graph.add("embedding", Embedding("embedding", rows: classes, channels: width, isFixed: true), [number]))
        return graph
    }

    private static func size(_ key: String, limit: Int, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> Int {
        guard let size = try reader.integer(key, in: 1...limit) else {
            throw .missing(key: key, expected: "a whole number from 1 to \(limit)")
        }
        return size
    }

    /// Reads the table: each class's token, (``width``).
    ///
    /// - Throws: ``CheckpointError``; a number that is not finite is refused.
    public func load() throws(CheckpointError) -> [[Float]] {
        let weights = try DiffusionCheckpoint.read(
            source, DiffusionCheckpoint.named(source, source.tensors.map(\.name)), [parameter])
        let table = UnsafeBufferPointer(start: weights.pointer(0), count: parameter.count)
        guard table.allSatisfy(\.isFinite) else { throw .notFinite(tensor: parameter.name) }
        return (0..<classes).map { Array(table[($0 * width)..<(($0 + 1) * width)]) }
    }
}
