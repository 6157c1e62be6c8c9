/// A layer as a value. It knows, in this order in its file: output shape, forward, backward, how it couples channels, how it is cut
/// down to kept channels, how many multiply-accumulates it costs. Every walk over a graph asks operators; none asks which one it is.
package protocol Operator: Sendable {
    /// Its learned tensors, by the checkpoint's names.
    var parameters: [Parameter] { get }

    /// The shape of one sample's output.
    /// - Throws: ``GraphError/shape(node:expected:found:)`` when the inputs do not fit.
    func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape

    /// What backward reads of what forward saw; everything else may be overwritten in between.
    var backwardReads: BackwardReads { get }

    /// Whether forward costs so little beside a convolution that its output is made again for backward rather than kept.
    var isCheap: Bool { get }

    /// Floats that forward leaves for backward beyond inputs and output (statistics, probabilities).
    func savedCount(_ call: CallShape) -> Int

    /// Floats of working memory needed during forward, backward or preparation.
    func scratchCount(_ call: CallShape) -> Int

    /// Floats of another form of the parameters that a direction reads in their place (transformed weights).
    func preparedCount(_ call: CallShape) -> Int

    /// Computes what `direction` reads as prepared from `call.parameters`; called whenever parameters may have changed.
    func prepare(_ call: OperatorCall, for direction: Direction)

    /// Computes `call.output` from `call.inputs`.
    func forward(_ call: OperatorCall)

    /// Adds to `call.parameterGradients`, and writes (or adds, where `call.accumulates`) `call.inputGradients`, from `call.outputGradient`.
    func backward(_ call: OperatorCall)

    /// Whether the output is the sum of the two inputs and nothing else, a map and a map or vector.
    var isSum: Bool { get }

    /// The same layer with one more input, a map like its output or a vector of its channels, that it adds to its output; nil where
    /// it cannot.
    func adding() -> Self?

    /// Says which channels of its inputs, output and parameters stand or fall together; returns the output's channels.
    func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels

    /// The same layer for the kept channels of its inputs and output.
    func cut(_ kept: KeptChannels) -> Self

    /// Multiply-accumulates of one sample, counted as Torch-Pruning does: convolutions and linear layers only.
    func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int
}

extension Operator {
    package var parameters: [Parameter] { [] }
    package var backwardReads: BackwardReads { BackwardReads() }
    package var isCheap: Bool { false }
    package func savedCount(_ call: CallShape) -> Int { 0 }
    package func scratchCount(_ call: CallShape) -> Int { 0 }
    package func preparedCount(_ call: CallShape) -> Int { 0 }
    package func prepare(_ call: OperatorCall, for direction: Direction) {}
    package var isSum: Bool { false }
    package func adding() -> Self? { nil }
    package func cut(_ kept: KeptChannels) -> Self { self }
    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { 0 }
}

/// What is left of a node's channels: ascending indices.
package struct KeptChannels: Sendable {
    /// Of each input.
    package let inputs: [[Int]]
    /// Of the output.
    package let output: [Int]
    /// How many channels each input had.
    package let inputWidths: [Int]

    package init(inputs: [[Int]], output: [Int], inputWidths: [Int]) {
        self.inputs = inputs
        self.output = output
        self.inputWidths = inputWidths
    }
}

/// The two ways through a graph.
package enum Direction: Sendable {
    case forward, backward
}

/// Which of forward's values an operator's backward needs to find unchanged.
package struct BackwardReads: Sendable {
    /// Backward reads so many of the inputs, the first ones.
    package var inputs = 0
    /// Backward reads the output.
    package var output = false
}

/// The sizes of one call, known before memory is planned.
package struct CallShape: Sendable {
    /// Samples in the batch.
    package let batch: Int
    /// One sample's inputs.
    package let inputs: [Shape]
    /// One sample's output.
    package let output: Shape
    /// Whether backward follows.
    package let isTraining: Bool
    /// The threads that share the work.
    package let parallel: Parallel

    package init(batch: Int, inputs: [Shape], output: Shape, isTraining: Bool, parallel: Parallel) {
        self.batch = batch
        self.inputs = inputs
        self.output = output
        self.isTraining = isTraining
        self.parallel = parallel
    }
}

/// The memory of one call: planned once per shape, the same in every step.
package struct OperatorCall {
    /// The sizes of the call.
    package let shape: CallShape
    /// (batch, height, width, channels) each.
    package let inputs: [UnsafeMutablePointer<Float>]
    /// (batch, height, width, channels).
    package let output: UnsafeMutablePointer<Float>
    /// dL/doutput, shaped as the output. Valid in backward only.
    package let outputGradient: UnsafeMutablePointer<Float>
    /// dL/dinput, shaped as the inputs; nil where nothing upstream learns.
    package let inputGradients: [UnsafeMutablePointer<Float>?]
    /// Whether another consumer's gradient is already there, to be added to.
    package let accumulates: [Bool]
    /// The operator's parameters, engine order.
    package let parameters: [UnsafeMutablePointer<Float>]
    /// dL/dparameter, always added to.
    package let parameterGradients: [UnsafeMutablePointer<Float>]
    /// What ``Operator/prepare(_:for:)`` makes of the parameters for forward.
    package let prepared: UnsafeMutablePointer<Float>
    /// The same for backward; may be the same memory, prepared anew.
    package let preparedBackward: UnsafeMutablePointer<Float>
    /// What forward keeps for backward.
    package let saved: UnsafeMutablePointer<Float>
    /// Working memory, shared by all nodes.
    package let scratch: UnsafeMutablePointer<Float>

    package init(
        shape: CallShape, inputs: [UnsafeMutablePointer<Float>], output: UnsafeMutablePointer<Float>,
        outputGradient: UnsafeMutablePointer<Float>, inputGradients: [UnsafeMutablePointer<Float>?], accumulates: [Bool],
        parameters: [UnsafeMutablePointer<Float>], parameterGradients: [UnsafeMutablePointer<Float>], prepared: UnsafeMutablePointer<Float>,
        preparedBackward: UnsafeMutablePointer<Float>,
        saved: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        self.shape = shape
        self.inputs = inputs
        self.output = output
        self.outputGradient = outputGradient
        self.inputGradients = inputGradients
        self.accumulates = accumulates
        self.parameters = parameters
        self.parameterGradients = parameterGradients
        self.prepared = prepared
        self.preparedBackward = preparedBackward
        self.saved = saved
        self.scratch = scratch
    }

    var batch: Int { shape.batch }
    var parallel: Parallel { shape.parallel }
}
