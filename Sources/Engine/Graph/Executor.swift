/// Runs a graph for one batch size: forward, and backward where gradients are given. All memory is planned when it is made;
/// a step allocates nothing.
public final class Executor {
    /// The memory of the noisy sample: (batch, height, width, channels).
    public let sample: UnsafeMutablePointer<Float>
    /// The memory of the timesteps: one number per sample.
    public let timesteps: UnsafeMutablePointer<Float>
    /// The prediction, (batch, height, width, channels), valid after ``forward()``.
    public let output: UnsafeMutablePointer<Float>
    /// dL/doutput, to be filled between ``forward()`` and ``backward()``.
    public let outputGradient: UnsafeMutablePointer<Float>
    /// Samples per call.
    public let batch: Int
    /// One sample of the output.
    public let outputShape: Shape
    /// One sample of the input.
    public let sampleShape: Shape
    /// Bytes planned for activations, gradients of activations and working memory.
    public let activationBytes: Int

    private let arena: Buffer
    /// One node's part of a step.
    struct Step {
        let operation: any Operator
        let call: OperatorCall
        let learns: Bool
        /// Whether each direction's prepared weights stay from call to call.
        let keepsForward: Bool
        let keepsBackward: Bool
    }

    let steps: [Step]
    /// Whether kept prepared weights of a direction are not those of the present weights.
    private(set) var isForwardStale = true
    private(set) var isBackwardStale = true
    private let weights: Weights
    let gradients: Weights?

    /// Plans memory for a batch.
    ///
    /// - Parameters:
    ///   - graph: its first node is the sample, its second the timestep.
    ///   - weights: values of the graph's parameters, in the graph's order; read at every call.
    ///   - gradients: where ``backward()`` adds dL/dparameter; nil plans for forward only, in less memory.
    ///   - preparedLimit: floats of transformed weights that may be kept from call to call. 0 where weights change at every step;
    ///     otherwise ``weightsChanged()`` must be called when they do.
    public init(
        graph: Graph, weights: Weights, gradients: Weights? = nil, batch: Int, preparedLimit: Int = Executor.defaultPreparedLimit,
        parallel: Parallel
    ) {
        self.weights = weights
        self.gradients = gradients
        self.batch = batch
        let nodes = graph.nodes
        let plan = ExecutionPlan(graph, batch: batch, isTraining: gradients != nil, preparedLimit: preparedLimit, parallel: parallel)
        let arena = Buffer(count: plan.total)
        self.arena = arena
        activationBytes = plan.total * MemoryLayout<Float>.stride
        func memory(_ offset: Int) -> UnsafeMutablePointer<Float> { arena.pointer + offset }

        var parameterIndex = 0
        // The consumer that runs backward first finds no gradient yet; the others add to it.
        var firstConsumer = [Int](repeating: -1, count: nodes.count)
        for (index, node) in nodes.enumerated() where plan.runsBackward[index] {
            for input in node.inputs { firstConsumer[input] = index }
        }
        var steps: [Step] = []
        for (index, node) in nodes.enumerated() {
            let parameters = parameterIndex..<(parameterIndex + node.operation.parameters.count)
            parameterIndex = parameters.upperBound
            var seen: Set<Int> = []
            let call = OperatorCall(
                shape: plan.shapes[index],
                inputs: node.inputs.map { memory(plan.outputs[$0]) },
                output: memory(plan.outputs[index]),
                outputGradient: plan.gradients[index].map(memory) ?? arena.pointer,
                inputGradients: node.inputs.map { plan.gradients[$0].map(memory) },
                accumulates: node.inputs.map { !seen.insert($0).inserted || firstConsumer[$0] != index },
                parameters: parameters.map { weights.pointer($0) },
                parameterGradients: gradients.map { gradients in parameters.map { gradients.pointer($0) } } ?? [],
                prepared: memory(plan.preparedForward.offsets[index]),
                preparedBackward: memory(plan.preparedBackward.offsets[index]),
                saved: memory(plan.saved[index]),
                scratch: memory(plan.scratch))
            steps.append(
                Step(
                    operation: node.operation, call: call, learns: plan.runsBackward[index],
                    keepsForward: plan.preparedForward.areKept[index], keepsBackward: plan.preparedBackward.areKept[index]))
        }
        self.steps = steps
        sample = memory(plan.outputs[0])
        timesteps = memory(plan.outputs[1])
        output = memory(plan.outputs[graph.output])
        outputGradient = plan.gradients[graph.output].map(memory) ?? arena.pointer
        outputShape = nodes[graph.output].shape
        sampleShape = nodes[0].shape
    }

    /// Computes ``output`` from ``sample`` and ``timesteps``.
    public func forward() {
        for step in steps {
            if isForwardStale || !step.keepsForward { step.operation.prepare(step.call, for: .forward) }
            step.operation.forward(step.call)
        }
        isForwardStale = false
    }

    /// Adds dL/dparameter to the gradients, from ``outputGradient``. Call after ``forward()``, once.
    public func backward() {
        for step in steps.reversed() where step.learns {
            if isBackwardStale || !step.keepsBackward { step.operation.prepare(step.call, for: .backward) }
            step.operation.backward(step.call)
        }
        isBackwardStale = false
    }

    /// To be called when the weights are no longer those of the last ``forward()``.
    public func weightsChanged() { (isForwardStale, isBackwardStale) = (true, true) }

    /// Transformed weights kept by default: 128 MiB.
    public static let defaultPreparedLimit = 32 << 20
}
