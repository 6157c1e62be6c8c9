/// A model as data: nodes in the order in which they run.
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

    /// All nodes; a node's inputs come before it.
    public private(set) var nodes: [Node] = []
    /// The last node added.
    public var output: Int { nodes.count - 1 }

    /// An empty graph.
    public init() {}

    /// A graph of nodes that fit together.
    init(nodes: [Node]) { self.nodes = nodes }

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

    /// Every parameter, in the order of the nodes.
    public var parameters: [Parameter] { nodes.flatMap(\.operation.parameters) }

    /// How many numbers the parameters hold.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// Multiply-accumulates of one sample: convolutions and linear layers, without attention's two products.
    public var multiplyAccumulates: Int {
        nodes.reduce(0) { sum, node in
            sum + node.operation.multiplyAccumulates(inputs: node.inputs.map { nodes[$0].shape }, output: node.shape)
        }
    }

    /// Whether a node's output depends on any parameter and the graph's output on it, and so has a gradient worth computing.
    var learns: [Bool] {
        var learns: [Bool] = []
        for node in nodes {
            learns.append(!node.operation.parameters.isEmpty || node.inputs.contains { learns[$0] })
        }
        var leadsOn = nodes.indices.map { $0 == output }
        for (index, node) in nodes.enumerated().reversed() where leadsOn[index] {
            for input in node.inputs { leadsOn[input] = true }
        }
        return zip(learns, leadsOn).map { $0 && $1 }
    }
}
