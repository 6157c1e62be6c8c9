/// Where everything lies that a graph needs while it runs for one batch size, in one arena; nothing is allocated yet.
///
/// Forward of node i is step i, the loss step n, backward of node i step 2n - i; what is never needed at the same step may share memory.
struct ExecutionPlan {
    /// The sizes of every node's call.
    let shapes: [CallShape]
    /// Whether a node runs backward.
    let runsBackward: [Bool]
    /// Offsets of each node's output, of what it keeps for backward, and of its output's gradient (nil where it has none).
    let outputs: [Int]
    let saved: [Int]
    let gradients: [Int?]
    /// Prepared weights of a direction: an offset for each node, and whether they are its own and stay from call to call.
    /// All others share one place.
    struct Prepared {
        let offsets: [Int]
        let areKept: [Bool]
    }
    let preparedForward: Prepared
    let preparedBackward: Prepared
    /// The offset of the working memory that all nodes share.
    let scratch: Int
    /// Floats of the whole arena.
    let total: Int

    /// - Parameter preparedLimit: floats of prepared weights that may be kept from call to call; the rest is prepared at every call.
    init(_ graph: Graph, batch: Int, isTraining: Bool, preparedLimit: Int, parallel: Parallel) {
        let nodes = graph.nodes
        let shapes = nodes.map { node in
            CallShape(
                batch: batch, inputs: node.inputs.map { nodes[$0].shape }, output: node.shape, isTraining: isTraining, parallel: parallel)
        }
        let runsBackward = graph.learns.map { isTraining && $0 }

        let count = nodes.count
        var lastForwardUse = Array(0..<count)
        var lastUse = Array(0..<count)
        for (index, node) in nodes.enumerated() {
            let reads = node.operation.backwardReads
            if runsBackward[index] && reads.output { lastUse[index] = max(lastUse[index], 2 * count - index) }
            for input in node.inputs {
                lastForwardUse[input] = max(lastForwardUse[input], index)
                lastUse[input] = max(lastUse[input], runsBackward[index] && reads.inputs ? 2 * count - index : index)
            }
        }
        lastUse[graph.output] = max(lastUse[graph.output], count)
        lastForwardUse[graph.output] = count

        var plan = MemoryPlan()
        var outputs: [Int] = []
        var saved: [Int] = []
        var gradients: [Int?] = []
        for (index, node) in nodes.enumerated() {
            // Inputs are filled before step 0 and read again when a step is repeated on the same sample.
            let isInput = node.inputs.isEmpty
            let size = batch * node.shape.count
            outputs.append(plan.request(size, from: isInput ? 0 : index, through: isInput ? 2 * count : lastUse[index]))
            let last = runsBackward[index] ? 2 * count - index : index
            saved.append(plan.request(node.operation.savedCount(shapes[index]), from: index, through: last))
            gradients.append(
                runsBackward[index] ? plan.request(size, from: 2 * count - lastForwardUse[index], through: 2 * count - index) : nil)
        }
        let preparedCounts = zip(nodes, shapes).map { $0.operation.preparedCount($1) }
        // What keeping saves is in proportion to the memory it takes, whichever node it is.
        var remaining = preparedLimit
        func keep(_ node: Int, _ isRead: Bool) -> Bool {
            guard isRead, preparedCounts[node] > 0, preparedCounts[node] <= remaining else { return false }
            remaining -= preparedCounts[node]
            return true
        }
        let keepsForward = nodes.indices.map { keep($0, true) }
        let keepsBackward = nodes.indices.map { keep($0, runsBackward[$0]) }
        let largestScratch = zip(nodes, shapes).map { $0.operation.scratchCount($1) }.max() ?? 0
        let scratch = plan.request(largestScratch, from: 0, through: 2 * count)
        let shared = plan.request(preparedCounts.max() ?? 0, from: 0, through: 2 * count)
        func place(_ keeps: [Bool]) -> [Int] {
            zip(preparedCounts, keeps).map { $1 ? plan.request($0, from: 0, through: 2 * count) : shared }
        }
        let (forward, backward) = (place(keepsForward), place(keepsBackward))
        let (offsets, total) = plan.place()

        self.shapes = shapes
        self.runsBackward = runsBackward
        self.outputs = outputs.map { offsets[$0] }
        self.saved = saved.map { offsets[$0] }
        self.gradients = gradients.map { $0.map { offsets[$0] } }
        preparedForward = Prepared(offsets: forward.map { offsets[$0] }, areKept: keepsForward)
        preparedBackward = Prepared(offsets: backward.map { offsets[$0] }, areKept: keepsBackward)
        self.scratch = offsets[scratch]
        self.total = total
    }
}

extension Graph {
    /// Bytes of activations, their gradients and working memory that a batch needs, without the parameters but with what is prepared of them.
    public func activationBytes(
        batch: Int, isTraining: Bool, preparedLimit: Int = Executor.defaultPreparedLimit, parallel: Parallel
    ) -> Int {
        ExecutionPlan(self, batch: batch, isTraining: isTraining, preparedLimit: preparedLimit, parallel: parallel).total * MemoryLayout<Float>.stride
    }
}
