/// A model as data: nodes in the order in which they run, and by which names numbers go in and come out.
///
/// A node that reads no other is an input, by its own name (`sample`, `timestep`). Outputs are named when the graph is built (`out_sample`).
public struct Graph: Sendable {
    /// One operator and where its inputs come from.
    public struct Node: Sendable {
        /// A name for messages; the checkpoint's prefix where the operator has parameters.
        public let name: String
        /// What it computes.
        package let operation: any Operator
        /// Earlier nodes, by index.
        public let inputs: [Int]
        /// One sample's output.
        public let shape: Shape
    }

    /// A node whose output leaves the graph.
    public struct Output: Sendable, Equatable {
        /// The name by which it is asked for.
        public let name: String
        /// The node's index.
        public let node: Int
    }

    /// All nodes; a node's inputs come before it.
    public private(set) var nodes: [Node] = []
    /// What leaves the graph, in the order in which it was named.
    public private(set) var outputs: [Output] = []

    /// An empty graph.
    public init() {}

    /// A graph of nodes that fit together.
    init(nodes: [Node], outputs: [Output]) {
        self.nodes = nodes
        self.outputs = outputs
    }

    /// Appends a node and returns its index.
    /// - Throws: ``GraphError/shape(node:expected:found:)`` naming the node.
    @discardableResult
    package mutating func add(_ name: String, _ operation: any Operator, _ inputs: [Int] = []) throws(GraphError) -> Int {
        let shape: Shape
        do {
            shape = try operation.outputShape(of: inputs.map { nodes[$0].shape })
        } catch .shape(_, let expected, let found) {
            throw .shape(node: name, expected: expected, found: found)
        }
        nodes.append(Node(name: name, operation: operation, inputs: inputs, shape: shape))
        return nodes.count - 1
    }

    /// Lets a node's output leave the graph under a name.
    package mutating func addOutput(_ name: String, _ node: Int) {
        outputs.append(Output(name: name, node: node))
    }

    /// One sample's shape of an input; nil where there is none of that name.
    public func input(_ name: String) -> Shape? { nodes.first { $0.inputs.isEmpty && $0.name == name }?.shape }

    /// One sample's shape of an output; nil where there is none of that name.
    public func output(_ name: String) -> Shape? { outputs.first { $0.name == name }.map { nodes[$0.node].shape } }

    /// Whether each node's output leaves the graph.
    var leaves: [Bool] {
        var leaves = [Bool](repeating: false, count: nodes.count)
        for output in outputs { leaves[output.node] = true }
        return leaves
    }

    /// Whether something that stops gradients goes by each node's output.
    var comesBeforeStop: [Bool] {
        var before = [Bool](repeating: false, count: nodes.count)
        for (index, node) in nodes.enumerated().reversed() where before[index] || node.operation.stopsGradient {
            for input in node.inputs { before[input] = true }
        }
        return before
    }

    /// Every parameter, in the order of the nodes. Nodes that name the same one share it.
    public var parameters: [Parameter] {
        var seen: Set<String> = []
        return nodes.flatMap(\.operation.parameters).filter { seen.insert($0.name).inserted }
    }

    /// The names of the parameters that have a gradient.
    var learnedParameters: Set<String> {
        Set(zip(nodes, learns).filter(\.1).flatMap { $0.0.operation.parameters.map(\.name) })
    }

    /// How many numbers the parameters hold, without statistics.
    public var parameterCount: Int { parameters.reduce(0) { $0 + ($1.isStatistic ? 0 : $1.count) } }

    /// Multiply-accumulates of one sample: convolutions and linear layers, without attention's two products.
    public var multiplyAccumulates: Int {
        nodes.reduce(0) { sum, node in
            sum + node.operation.multiplyAccumulates(inputs: node.inputs.map { nodes[$0].shape }, output: node.shape)
        }
    }

    /// Whether a node's output depends on any parameter and an output of the graph on it, with nothing between them that stops gradients, and so
    /// has a gradient worth computing.
    var learns: [Bool] {
        var learns: [Bool] = []
        for node in nodes {
            let isFed = !node.operation.stopsGradient && node.inputs.contains { learns[$0] }
            learns.append(!node.operation.parameters.isEmpty || isFed)
        }
        var leadsOn = leaves
        for (index, node) in nodes.enumerated().reversed() where leadsOn[index] && !node.operation.stopsGradient {
            for input in node.inputs { leadsOn[input] = true }
        }
        return zip(learns, leadsOn).map { $0 && $1 }
    }
}
