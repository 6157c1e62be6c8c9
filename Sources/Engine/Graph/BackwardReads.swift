/// Which of forward's values an operator's backward needs to find unchanged.
package struct BackwardReads: Sendable {
    /// Backward reads so many of the inputs, the first ones.
    package var inputs = 0
    /// Backward reads the output.
    package var output = false
}
