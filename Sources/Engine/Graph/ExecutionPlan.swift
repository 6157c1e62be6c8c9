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
    ///   - preparedLimit: floats of prepared weights that may be kept from call to call; the rest is prepared at every call.
    ///   - segments: parts whose activations are made again for backward, all but the last's; 1 keeps everything.
    init(_ graph: Graph, batch: Int, isTraining: Bool, preparedLimit: Int, segments: Int = 1, parallel: Parallel) {
        let nodes = graph.nodes
        let shapes = nodes.map { node in
            CallShape(
                batch: batch, inputs: node.inputs.map { nodes[$0].shape }, output: node.shape, isTraining: isTraining, parallel: parallel)
        }
        let runsBackward = graph.learns.map { isTraining && $0 }
        let savedCounts = zip(nodes, shapes).map { $0.operation.savedCount($1) }
        let schedule = Schedule(
            graph, runsBackward: runsBackward, hasSaved: savedCounts.map { $0 > 0 }, segments: isTraining ? segments : 1)

        var plan = MemoryPlan()
        let end = schedule.events.count
        var outputs: [(first: Int, later: Int)] = []
        var saved: [(first: Int, later: Int)] = []
        var gradients: [Int?] = []
        for (index, node) in nodes.enumerated() {
            let lives = Self.lives(index, node, schedule, runsBackward, nodes)
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
                backward.map { plan.request(size, from: index == graph.output ? schedule.loss : firstGradient ?? $0, through: $0) })
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
        let scratch = plan.request(largestScratch, from: 0, through: end)
        let shared = plan.request(preparedCounts.max() ?? 0, from: 0, through: end)
        func place(_ keeps: [Bool]) -> [Int] {
            zip(preparedCounts, keeps).map { $1 ? plan.request($0, from: 0, through: end) : shared }
        }
        let (forward, backward) = (place(keepsForward), place(keepsBackward))
        let (offsets, total) = plan.place()

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
        preparedForward = Prepared(offsets: forward.map { offsets[$0] }, areKept: keepsForward)
        preparedBackward = Prepared(offsets: backward.map { offsets[$0] }, areKept: keepsBackward)
        self.scratch = offsets[scratch]
        self.total = total
    }

    /// When a node's output is needed: since its first run, and since it runs again if it is not kept in between.
    private static func lives(
        _ index: Int, _ node: Graph.Node, _ schedule: Schedule, _ runsBackward: [Bool], _ nodes: [Graph.Node]
    ) -> (first: ClosedRange<Int>, later: ClosedRange<Int>?) {
        let start = schedule.forward[index]
        let again = schedule.again[index]
        var firstUses = [start] + schedule.readers[index].map { schedule.forward[$0] }
        var laterUses: [Int] = []
        for reader in schedule.readers[index] {
            if let time = schedule.again[reader] { laterUses.append(time) }
            if let time = schedule.backward[reader], nodes[reader].operation.backwardReads.inputs { laterUses.append(time) }
        }
        if let time = schedule.backward[index], node.operation.backwardReads.output { laterUses.append(time) }
        if index == nodes.count - 1 { firstUses.append(schedule.loss) }
        guard !schedule.isKept[index] else {
            let last = (firstUses + laterUses + (again.map { [$0] } ?? [])).max() ?? start
            return (start...last, nil)
        }
        return (start...(firstUses.max() ?? start), again.map { $0...max($0, laterUses.max() ?? $0) })
    }
}
