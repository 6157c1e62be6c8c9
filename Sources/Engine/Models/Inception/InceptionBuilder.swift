/// Puts up the layers of ``InceptionV3``, block by block: each block is branches that read the same map and whose outputs are joined.
struct InceptionBuilder {
    private let shapes: [String: [Int]]
    private var graph = Graph()
    private var layers: [(name: String, shape: [Int])] = []
    /// What the next block reads.
    private var map: Int

    /// Channels of any layer at most; the published network has 448.
    private static let mostChannels = 2048

    init(_ shapes: [String: [Int]], side: Int) throws(GraphError) {
        self.shapes = shapes
        map = try graph.add("sample", Input(Shape(height: side, width: side, channels: 3)))
    }

    func finished() -> (Graph, [(name: String, shape: [Int])]) {
        var graph = graph
        graph.addOutput("features", map)
        return (graph, layers)
    }

    // MARK: Blocks

    mutating func stem() throws(GraphError) {
        map = try convolution("Conv2d_1a_3x3", map, stride: 2, padded: false)
        map = try convolution("Conv2d_2a_3x3", map, padded: false)
        map = try convolution("Conv2d_2b_3x3", map)
        map = try graph.add("maxpool1", MaxPool(stride: 2), [map])
        map = try convolution("Conv2d_3b_1x1", map, 1, 1)
        map = try convolution("Conv2d_4a_3x3", map, padded: false)
        map = try graph.add("maxpool2", MaxPool(stride: 2), [map])
    }

    /// Maps of 35 × 35.
    mutating func blockA(_ name: String) throws(GraphError) {
        let single = try convolution("\(name).branch1x1", map, 1, 1)
        var five = try convolution("\(name).branch5x5_1", map, 1, 1)
        five = try convolution("\(name).branch5x5_2", five, 5, 5)
        var double = try convolution("\(name).branch3x3dbl_1", map, 1, 1)
        double = try convolution("\(name).branch3x3dbl_2", double)
        double = try convolution("\(name).branch3x3dbl_3", double)
        try join(name, [single, five, double, pooled(name, AveragePool())])
    }

    /// From 35 × 35 to 17 × 17.
    mutating func blockB(_ name: String) throws(GraphError) {
        let three = try convolution("\(name).branch3x3", map, stride: 2, padded: false)
        var double = try convolution("\(name).branch3x3dbl_1", map, 1, 1)
        double = try convolution("\(name).branch3x3dbl_2", double)
        double = try convolution("\(name).branch3x3dbl_3", double, stride: 2, padded: false)
        try join(name, [three, double, graph.add("\(name).pool", MaxPool(stride: 2), [map])])
    }

    /// Maps of 17 × 17, by kernels of one row or one column.
    mutating func blockC(_ name: String) throws(GraphError) {
        let single = try convolution("\(name).branch1x1", map, 1, 1)
        var seven = try convolution("\(name).branch7x7_1", map, 1, 1)
        seven = try convolution("\(name).branch7x7_2", seven, 1, 7)
        seven = try convolution("\(name).branch7x7_3", seven, 7, 1)
        var double = try convolution("\(name).branch7x7dbl_1", map, 1, 1)
        double = try convolution("\(name).branch7x7dbl_2", double, 7, 1)
        double = try convolution("\(name).branch7x7dbl_3", double, 1, 7)
        double = try convolution("\(name).branch7x7dbl_4", double, 7, 1)
        double = try convolution("\(name).branch7x7dbl_5", double, 1, 7)
        try join(name, [single, seven, double, pooled(name, AveragePool())])
    }

    /// From 17 × 17 to 8 × 8.
    mutating func blockD(_ name: String) throws(GraphError) {
        var three = try convolution("\(name).branch3x3_1", map, 1, 1)
        three = try convolution("\(name).branch3x3_2", three, stride: 2, padded: false)
        var seven = try convolution("\(name).branch7x7x3_1", map, 1, 1)
        seven = try convolution("\(name).branch7x7x3_2", seven, 1, 7)
        seven = try convolution("\(name).branch7x7x3_3", seven, 7, 1)
        seven = try convolution("\(name).branch7x7x3_4", seven, stride: 2, padded: false)
        try join(name, [three, seven, graph.add("\(name).pool", MaxPool(stride: 2), [map])])
    }

    /// Maps of 8 × 8, whose branches part once more.
    mutating func blockE(_ name: String, pooling: any Operator) throws(GraphError) {
        let single = try convolution("\(name).branch1x1", map, 1, 1)
        let three = try convolution("\(name).branch3x3_1", map, 1, 1)
        let threes = [
            try convolution("\(name).branch3x3_2a", three, 1, 3), try convolution("\(name).branch3x3_2b", three, 3, 1),
        ]
        var double = try convolution("\(name).branch3x3dbl_1", map, 1, 1)
        double = try convolution("\(name).branch3x3dbl_2", double)
        let doubles = [
            try convolution("\(name).branch3x3dbl_3a", double, 1, 3), try convolution("\(name).branch3x3dbl_3b", double, 3, 1),
        ]
        try join(name, [single] + threes + doubles + [pooled(name, pooling)])
    }

    // MARK: Layers

    private mutating func pooled(_ name: String, _ pooling: any Operator) throws(GraphError) -> Int {
        try convolution("\(name).branch_pool", graph.add("\(name).pool", pooling, [map]), 1, 1)
    }

    private mutating func join(_ name: String, _ branches: [Int]) throws(GraphError) {
        map = try graph.add(name, Concat(), branches)
    }

    /// A convolution, its norm folded into it, and ReLU.
    ///
    /// - Parameter padded: whether zeros around the map keep its size; else windows stay within it.
    private mutating func convolution(
        _ name: String, _ input: Int, _ height: Int = 3, _ width: Int = 3, stride: Int = 1, padded: Bool = true
    ) throws(GraphError) -> Int {
        let channels = graph.nodes[input].shape.channels
        let tensor = "\(name).conv.weight"
        guard let shape = shapes[tensor] else { throw .missingTensor(tensor) }
        guard shape.count == 4, (1...Self.mostChannels).contains(shape[0]), Array(shape[1...]) == [channels, height, width] else {
            let out = shape.first.map { min(max(1, $0), Self.mostChannels) } ?? 1
            throw .tensorShape(name: tensor, expected: [out, channels, height, width], found: shape)
        }
        layers.append((name, shape))
        let layer = Conv2d(
            name, in: channels, out: shape[0], kernel: height, kernelWidth: width, stride: stride,
            padding: padded ? .symmetric(rows: height / 2, columns: width / 2) : .symmetric(0))
        return try graph.add("\(name).relu", Activation(.relu), [graph.add(name, layer, [input])])
    }
}
