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
