/// Runs a graph for one batch size: forward, and backward where gradients are given. All memory is planned when it is made;
/// a step allocates nothing.
public final class Executor {
    /// The memory of an input or an output of the graph.
    public struct Binding {
        /// The graph's name of it.
        public let name: String
        /// One sample.
        public let shape: Shape
        /// (batch, height, width, channels). Inputs are to be filled before ``forward()``, after which outputs are valid.
        public let values: UnsafeMutablePointer<Float>
        /// dL/dvalues of an output, shaped alike, to be filled between ``forward()`` and ``backward()``; nil where backward reads none.
        public let gradient: UnsafeMutablePointer<Float>?

        /// The mean over pixels of each channel of the first samples, (samples, channels).
        func channelMeans(ofFirst count: Int) -> [Float] {
            (0..<count).flatMap { sample in
                let map = values + sample * shape.count
                return (0..<shape.channels).map { channel in
                    let sum = (0..<shape.pixels).reduce(0.0) { $0 + Double(map[$1 * shape.channels + channel]) }
                    return Float(sum / Double(shape.pixels))
                }
            }
        }
    }

    /// What goes into the graph.
    public let inputs: [Binding]
    /// What comes out of it.
    public let outputs: [Binding]
    /// Samples per call.
    public let batch: Int
    /// Bytes planned for activations, gradients of activations and working memory.
    public let activationBytes: Int

    /// What runs: the graph with its sums folded into layers.
    let graph: Graph
    private let arena: Buffer
    /// One node's part of a step.
    struct Step {
        let operation: any Operator
        let call: OperatorCall
        /// Whether it runs forward (for the first time or again) or backward.
        let direction: Direction
        /// Whether what is prepared of the weights for that direction stays from call to call.
        let keepsPrepared: Bool
    }

    let forwardSteps: [Step]
    /// In their order, among them those that run forward again.
    let backwardSteps: [Step]
    /// Whether kept prepared weights of a direction are not those of the present weights.
    private var isForwardStale = true
    private var isBackwardStale = true
    private let weights: Weights
    let gradients: Weights?

    /// Plans memory for a batch.
    ///
    /// - Parameters:
    ///   - weights: values of the graph's parameters, in the graph's order; read at every call.
    ///   - gradients: where ``backward()`` adds dL/dparameter; nil plans for forward only, in less memory.
    ///   - preparedLimit: floats of transformed weights that may be kept from call to call; nil is a share of what activations
    ///     take, 0 is for weights that change at every step. Else ``weightsChanged()`` must be called when they do.
    ///   - segments: parts of the graph whose activations are not kept for backward but made again, all but the last's; 1 keeps all.
    public init(
        graph: Graph, weights: Weights, gradients: Weights? = nil, batch: Int, preparedLimit: Int? = nil,
        segments: Int = 1, parallel: Parallel
    ) {
        self.weights = weights
        self.gradients = gradients
        self.batch = batch
        let plan = ExecutionPlan(
            graph, batch: batch, isTraining: gradients != nil, preparedLimit: preparedLimit, segments: segments, parallel: parallel)
        let graph = plan.graph
        self.graph = graph
        let nodes = graph.nodes
        let leaves = graph.leaves
        let arena = Buffer(count: plan.total)
        self.arena = arena
        activationBytes = plan.total * MemoryLayout<Float>.stride
        func memory(_ offset: Int) -> UnsafeMutablePointer<Float> { arena.pointer + offset }

        // The consumer that runs backward first finds no gradient yet; the others add to it, and all to what an output was given.
        var firstConsumer = [Int](repeating: -1, count: nodes.count)
        for (index, node) in nodes.enumerated() where plan.runsBackward[index] {
            for input in node.inputs { firstConsumer[input] = index }
        }
        var firstCalls: [OperatorCall] = []
        var laterCalls: [OperatorCall] = []
        for (index, node) in nodes.enumerated() {
            let parameters = node.operation.parameters.compactMap { weights.index(of: $0.name) }
            var seen: Set<Int> = []
            let accumulates = node.inputs.map { !seen.insert($0).inserted || firstConsumer[$0] != index || leaves[$0] }
            func call(_ place: ExecutionPlan.Place) -> OperatorCall {
                OperatorCall(
                    shape: plan.shapes[index],
                    inputs: place.inputs.map(memory),
                    output: memory(place.output),
                    outputGradient: plan.gradients[index].map(memory) ?? arena.pointer,
                    inputGradients: node.inputs.map { plan.gradients[$0].map(memory) },
                    accumulates: accumulates,
                    parameters: parameters.map { weights.pointer($0) },
                    parameterGradients: gradients.map { gradients in parameters.map { gradients.pointer($0) } } ?? [],
                    prepared: memory(plan.preparedForward.offsets[index]),
                    preparedBackward: memory(plan.preparedBackward.offsets[index]),
                    saved: memory(place.saved),
                    scratch: memory(plan.scratch))
            }
            firstCalls.append(call(plan.first[index]))
            laterCalls.append(call(plan.later[index]))
        }
        func step(_ index: Int, _ call: OperatorCall, _ direction: Direction) -> Step {
            let prepared = direction == .forward ? plan.preparedForward : plan.preparedBackward
            return Step(
                operation: nodes[index].operation, call: call, direction: direction, keepsPrepared: prepared.areKept[index])
        }
        forwardSteps = nodes.indices.map { step($0, firstCalls[$0], .forward) }
        backwardSteps = plan.schedule.events[(plan.schedule.loss + 1)...].compactMap { event in
            switch event {
            case .again(let index): step(index, laterCalls[index], .forward)
            case .backward(let index): step(index, laterCalls[index], .backward)
            case .forward, .loss: nil
            }
        }
        func binding(_ name: String, _ node: Int, isOutput: Bool) -> Binding {
            Binding(
                name: name, shape: nodes[node].shape, values: memory(plan.first[node].output),
                gradient: isOutput ? plan.gradients[node].map(memory) : nil)
        }
        inputs = nodes.indices.filter { nodes[$0].inputs.isEmpty }.map { binding(nodes[$0].name, $0, isOutput: false) }
        outputs = graph.outputs.map { binding($0.name, $0.node, isOutput: true) }
    }

    /// The graph's input of a name. To be found once, not in a loop.
    public func input(_ name: String) -> Binding {
        guard let found = inputs.first(where: { $0.name == name }) else { fatalError("the graph has no input \(name)") }
        return found
    }

    /// The graph's output of a name. To be found once, not in a loop.
    public func output(_ name: String) -> Binding {
        guard let found = outputs.first(where: { $0.name == name }) else { fatalError("the graph has no output \(name)") }
        return found
    }

    /// Computes the outputs from the inputs.
    public func forward() {
        for step in forwardSteps {
            if isForwardStale || !step.keepsPrepared { step.operation.prepare(step.call, for: .forward) }
            step.operation.forward(step.call)
        }
        isForwardStale = false
    }

    /// Runs one node of ``graph`` on what its inputs hold, with the present weights. Where nothing is planned for backward, a node's inputs
    /// are there until a later one runs.
    func forward(node: Int) {
        let step = forwardSteps[node]
        step.operation.prepare(step.call, for: .forward)
        step.operation.forward(step.call)
    }

    /// Adds dL/dparameter to the gradients, from those of all outputs. Call after ``forward()``, once.
    public func backward() {
        for step in backwardSteps {
            // What forward prepared and keeps is still that of these weights.
            let isStale = step.direction == .backward && isBackwardStale
            if isStale || !step.keepsPrepared { step.operation.prepare(step.call, for: step.direction) }
            switch step.direction {
            case .forward: step.operation.forward(step.call)
            case .backward: step.operation.backward(step.call)
            }
        }
        isBackwardStale = false
    }

    /// To be called when the weights are no longer those of the last ``forward()``.
    public func weightsChanged() { (isForwardStale, isBackwardStale) = (true, true) }
}
