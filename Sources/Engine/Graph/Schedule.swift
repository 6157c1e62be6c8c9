/// The order in which a graph runs: forward, the loss, backward; and forward again in parts where activations are not kept for backward.
///
/// The nodes fall into segments of consecutive nodes. With one, all that backward reads is kept. With more, what only its own segment
/// reads is forgotten after forward and made again just before it is read (arXiv 1604.06174); the last segment's is still there, but for
/// what costs little to make (``Operator/isCheap``). What is made again is the same to the last bit.
struct Schedule {
    /// What happens at one time.
    enum Event {
        case forward(Int)
        case loss
        case again(Int)
        case backward(Int)
    }

    /// Everything in order; an event's time is its index.
    let events: [Event]
    /// When each node runs for the first time.
    let forward: [Int]
    /// When backward may begin.
    let loss: Int
    /// When a node runs again; nil where it does not.
    let again: [Int?]
    /// When a node runs backward; nil where it does not.
    let backward: [Int?]
    /// Whether a node's output is kept as long as anything needs it, instead of being made again.
    let isKept: [Bool]
    /// The nodes that read each node's output.
    let readers: [[Int]]

    /// - Parameters:
    ///   - runsBackward: of each node.
    ///   - segments: how many; their outputs are about equally large.
    init(_ graph: Graph, runsBackward: [Bool], segments: Int) {
        let nodes = graph.nodes
        var readers = [[Int]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        let segment = Self.segment(graph, count: segments)
        let last = segment.last ?? 0
        let leaves = graph.leaves
        let isKept = nodes.indices.map { index in
            if nodes[index].inputs.isEmpty || leaves[index] { return true }
            if segment[index] == last { return !nodes[index].operation.isCheap }
            return readers[index].contains { segment[$0] != segment[index] }
        }

        var again = [Int?](repeating: nil, count: nodes.count)
        var backward = again
        var events = nodes.indices.map { Event.forward($0) } + [.loss]
        /// Runs a node again that backward, or another node that runs again, reads, after what it reads itself.
        func makeAgain(_ index: Int) {
            guard !isKept[index], again[index] == nil else { return }
            nodes[index].inputs.forEach(makeAgain)
            again[index] = events.count
            events.append(.again(index))
        }
        for index in nodes.indices.reversed() where runsBackward[index] {
            let reads = nodes[index].operation.backwardReads
            nodes[index].inputs.prefix(reads.inputs).forEach(makeAgain)
            if reads.output { makeAgain(index) }
            backward[index] = events.count
            events.append(.backward(index))
        }
        forward = Array(nodes.indices)
        loss = nodes.count
        self.events = events
        self.again = again
        self.backward = backward
        self.isKept = isKept
        self.readers = readers
    }

    /// The segment of each node: equal shares of all outputs' numbers.
    private static func segment(_ graph: Graph, count: Int) -> [Int] {
        let total = max(1, graph.nodes.reduce(0) { $0 + $1.shape.count })
        var sum = 0
        return graph.nodes.map { node in
            sum += node.shape.count
            return min(count - 1, (sum - node.shape.count / 2) * count / total)
        }
    }
}
