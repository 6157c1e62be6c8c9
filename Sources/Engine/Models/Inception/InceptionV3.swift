/// Inception v3 (arXiv 1512.00567) up to its last mean, as the Fréchet distance of pictures is measured by it (arXiv 1706.08500): TensorFlow's
/// network of 2015, of which pytorch-fid and torch-fidelity publish the weights. It runs forward only, on pictures of 299 × 299 in [-1, 1], and
/// is no architecture that could be pruned or trained.
///
/// It differs from torchvision's network of that name as pytorch-fid patches it: means do not count what lies around the map, and the last block
/// takes the largest of its neighbours in place of their mean. Widths are those of the weights.
public struct InceptionV3: Sendable {
    /// The layers, from `sample` (299 × 299 × 3) to `features`, a map of which every channel's mean is a feature.
    public let graph: Graph
    /// The convolutions by their names in weights files, without `.conv.weight` and `.bn.…`, each with its kernel's shape there.
    let layers: [(name: String, shape: [Int])]

    /// Height and width of the pictures that it takes.
    public static let side = 299
    /// What its batch norms add to a variance.
    static let epsilon = 0.001

    /// Numbers of each picture's features.
    public var features: Int { graph.nodes.last?.shape.channels ?? 0 }

    /// The network whose convolutions have these shapes.
    ///
    /// - Parameter shapes: of the tensors, by their names.
    /// - Throws: ``GraphError`` of the first kernel that is missing, or of another shape than fits in its place.
    public init(shapes: [String: [Int]]) throws(GraphError) {
        var builder = try InceptionBuilder(shapes, side: Self.side)
        try builder.stem()
        for block in ["Mixed_5b", "Mixed_5c", "Mixed_5d"] { try builder.blockA(block) }
        try builder.blockB("Mixed_6a")
        for block in ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"] { try builder.blockC(block) }
        try builder.blockD("Mixed_7a")
        try builder.blockE("Mixed_7b", pooling: AveragePool())
        try builder.blockE("Mixed_7c", pooling: MaxPool(stride: 1, padding: 1))
        (graph, layers) = builder.finished()
    }
}
