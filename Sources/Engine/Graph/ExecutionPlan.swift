/// Where everything lies that a graph needs while it runs for one batch size, in one arena; nothing is allocated yet.
///
/// What is never needed at the same time of its ``Schedule`` may share memory.
struct ExecutionPlan {
    /// What a node reads and writes in one of its runs, as offsets.
    struct Place {
        let inputs: [Int]
        let output: Int
        let saved: Int
    }

    /// What runs: the graph with its sums folded into layers.
    let graph: Graph
    /// The order of everything.
    let schedule: Schedule
    /// The sizes of every node's call.
    let shapes: [CallShape]
    /// Whether a node runs backward.
    let runsBackward: [Bool]
    /// What each node's first run reads and writes.
    let first: [Place]
    /// What backward finds: the same, or where it was made again.
    let later: [Place]
    /// The offset of each output's gradient; nil where it has none.
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

    /// - Parameters:
    ///   - preparedLimit: floats of prepared weights that may be kept from call to call; the rest is prepared at every call. Nil is
    ///     ``preparedLimit(activations:isTraining:)``.
    ///   - segments: parts whose activations are made again for backward, all but the last's; 1 keeps everything.
    init(_ graph: Graph, batch: Int, isTraining: Bool, preparedLimit: Int?, segments: Int = 1, parallel: Parallel) {
        let graph = graph.foldingSums()
        let nodes = graph.nodes
        let shapes = nodes.map { node in
            CallShape(
                batch: batch, inputs: node.inputs.map { nodes[$0].shape }, output: node.shape, isTraining: isTraining, parallel: parallel)
        }
        let leaves = graph.leaves
        let runsBackward = graph.learns.map { isTraining && $0 }
        let savedCounts = zip(nodes, shapes).map { $0.operation.savedCount($1) }
        let schedule = Schedule(graph, runsBackward: runsBackward, segments: isTraining ? segments : 1)

        var plan = MemoryPlan()
        let end = schedule.events.count
        var outputs: [(first: Int, later: Int)] = []
        var saved: [(first: Int, later: Int)] = []
        var gradients: [Int?] = []
        for (index, node) in nodes.enumerated() {
            let lives = Self.lives(index, node, schedule, nodes, leaves: leaves[index])
            let size = batch * node.shape.count
            // Inputs are filled before anything runs and read again when a step is repeated on the same sample.
            let isInput = node.inputs.isEmpty
            let output = plan.request(size, from: isInput ? 0 : lives.first.lowerBound, through: isInput ? end : lives.first.upperBound)
            outputs.append((output, lives.later.map { plan.request(size, from: $0.lowerBound, through: $0.upperBound) } ?? output))

            let (now, again, backward) = (schedule.forward[index], schedule.again[index], schedule.backward[index])
            let keeps = plan.request(savedCounts[index], from: now, through: again == nil ? backward ?? now : now)
            saved.append((keeps, again.map { plan.request(savedCounts[index], from: $0, through: backward ?? $0) } ?? keeps))

            let firstGradient = schedule.readers[index].compactMap { schedule.backward[$0] }.min()
            gradients.append(
                backward.map { plan.request(size, from: leaves[index] ? schedule.loss : firstGradient ?? $0, through: $0) })
        }

        let largestScratch = zip(nodes, shapes).map { $0.operation.scratchCount($1) }.max() ?? 0
        let scratch = plan.request(largestScratch, from: 0, through: end)
        let (offsets, activations) = plan.place()

        // Behind all that comes and goes: what is prepared of the weights, first the place that is not kept from node to node.
        let preparedCounts = zip(nodes, shapes).map { ($0.operation.preparedCount($1) + 15) / 16 * 16 }
        var remaining = preparedLimit ?? Self.preparedLimit(activations: activations, isTraining: isTraining)
        var total = activations + (preparedCounts.max() ?? 0)
        // What keeping saves is in proportion to the memory it takes, whichever node it is.
        func place(_ isRead: (Int) -> Bool) -> Prepared {
            var (places, areKept): ([Int], [Bool]) = ([], [])
            for node in nodes.indices {
                let count = preparedCounts[node]
                let isKept = isRead(node) && count > 0 && count <= remaining
                places.append(isKept ? total : activations)
                areKept.append(isKept)
                if isKept {
                    remaining -= count
                    total += count
                }
            }
            return Prepared(offsets: places, areKept: areKept)
        }
        preparedForward = place { _ in true }
        preparedBackward = place { runsBackward[$0] }

        self.graph = graph
        self.schedule = schedule
        self.shapes = shapes
        self.runsBackward = runsBackward
        first = nodes.indices.map { index in
            Place(
                inputs: nodes[index].inputs.map { offsets[outputs[$0].first] }, output: offsets[outputs[index].first],
                saved: offsets[saved[index].first])
        }
        later = nodes.indices.map { index in
            Place(
                inputs: nodes[index].inputs.map { offsets[outputs[$0].later] }, output: offsets[outputs[index].later],
                saved: offsets[saved[index].later])
        }
        self.gradients = gradients.map { $0.map { offsets[$0] } }
        self.scratch = offsets[scratch]
        self.total = total
    }

    /// Floats of prepared weights that are kept where nobody asks otherwise: in proportion to the activations beside them, so that a step
    /// takes not much more memory than it must; but 16 MiB always.
    private static func preparedLimit(activations: Int, isTraining: Bool) -> Int {
        max(4 << 20, isTraining ? activations / 16 : activations / 2)
    }

    /// When a node's output is needed: since its first run, and since it runs again if it is not kept in between.
    ///
    /// - Parameter leaves: whether it leaves the graph, to be read when all has run.
    private static func lives(
        _ index: Int, _ node: Graph.Node, _ schedule: Schedule, _ nodes: [Graph.Node], leaves: Bool
    ) -> (first: ClosedRange<Int>, later: ClosedRange<Int>?) {
        let start = schedule.forward[index]
        let again = schedule.again[index]
        var firstUses = [start] + schedule.readers[index].map { schedule.forward[$0] }
        var laterUses: [Int] = []
        for reader in schedule.readers[index] {
            if let time = schedule.again[reader] { laterUses.append(time) }
            let read = nodes[reader].inputs.prefix(nodes[reader].operation.backwardReads.inputs)
            if let time = schedule.backward[reader], read.contains(index) { laterUses.append(time) }
        }
        if let time = schedule.backward[index], node.operation.backwardReads.output { laterUses.append(time) }
        if leaves { firstUses.append(schedule.loss) }
        guard !schedule.isKept[index] else {
            let last = (firstUses + laterUses + (again.map { [$0] } ?? [])).max() ?? start
            return (start...last, nil)
        }
        return (start...(firstUses.max() ?? start), again.map { $0...max($0, laterUses.max() ?? $0) })
    }
}
