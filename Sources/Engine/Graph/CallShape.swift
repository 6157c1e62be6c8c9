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
