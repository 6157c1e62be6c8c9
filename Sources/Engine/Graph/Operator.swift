/// A layer as a value. It knows, in this order in its file: output shape, forward, backward, how it couples channels, how it is cut
/// down to kept channels, what refitting it needs, how many multiply-accumulates it costs, its ONNX form. Every walk over a graph asks operators; none
/// asks which one it is.
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

    /// Whether what comes before is not trained, nor cut: no gradient goes further back.
    var stopsGradient: Bool { get }

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

    /// How the output follows from the parameters; nil where they cannot be refitted, or there are none.
    var linearForm: LinearForm? { get }

    /// Writes the rows of ``linearForm`` of some output pixels, counted through the batch, one after the other. Called after forward.
    func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>)

    /// Whether a row of ``linearRows(_:_:into:)`` is the 3 × 3 pixels of the first input around the output's, row by row, zeros where there are
    /// none.
    var seesNeighbourhood: Bool { get }

    /// Where in parameter 0 stands by what a column of a row is multiplied for a channel of the output.
    func weightPlace(output: Int, column: Int) -> Int

    /// Multiply-accumulates of one sample, counted as Torch-Pruning does: convolutions and linear layers only.
    func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int

    /// Appends what computes the same for a batch and maps of any size, and returns what that makes. Nothing of it may depend on the sizes for
    /// which the graph was built, but for channels.
    func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue
}

extension Operator {
    package var parameters: [Parameter] { [] }
    package var backwardReads: BackwardReads { BackwardReads() }
    package var isCheap: Bool { false }
    package var stopsGradient: Bool { false }
    package func savedCount(_ call: CallShape) -> Int { 0 }
    package func scratchCount(_ call: CallShape) -> Int { 0 }
    package func preparedCount(_ call: CallShape) -> Int { 0 }
    package func prepare(_ call: OperatorCall, for direction: Direction) {}
    package var isSum: Bool { false }
    package func adding() -> Self? { nil }
    package func cut(_ kept: KeptChannels) -> Self { self }
    package var linearForm: LinearForm? { nil }
    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {}
    package var seesNeighbourhood: Bool { false }
    /// In rows, one for each channel of the output.
    package func weightPlace(output: Int, column: Int) -> Int {
        if case .product(let columns, _)? = linearForm { output * columns + column } else { column }
    }
    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { 0 }
}
