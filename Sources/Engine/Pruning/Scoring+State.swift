extension Scoring {
    /// Where a walk stands after a point: all it needs to go on as if it had never stopped. What is drawn once is drawn again from its seed.
    ///
    /// The gradients are the walk's own memory: to keep them beyond the call they are handed to, write them.
    public struct State {
        /// Points evaluated.
        public internal(set) var completed = 0
        /// L_max so far; nil before the first point.
        public var largestLoss: Double? { completed > 0 ? largest : nil }
        /// Points whose gradients were added: all but the one at which the walk stopped.
        public var kept: Int { completed - (hasStopped ? 1 : 0) }
        var largest = 0.0
        var hasStopped = false
        let gradients: Weights

        init(gradients: Weights) {
            self.gradients = gradients
        }

        /// Writes a safetensors file.
        ///
        /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
        public func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
            let words = [
                "completed": String(completed), "largest": String(largest.bitPattern, radix: 16), "has_stopped": String(hasStopped),
            ]
            try SavedBuffers.write([("gradients", gradients.buffer)], words: words, to: sink)
        }
    }

    /// Reads what ``State/write(to:)`` wrote in a walk of the same settings on the same model.
    ///
    /// - Throws: ``SafeTensorsError`` when the file is of another model or other settings, or no such file.
    public func state(at path: String, of trained: TrainedModel) throws(SafeTensorsError) -> State {
        let saved = try SavedBuffers(path: path)
        var state = State(gradients: Weights(trained.weights.parameters))
        state.completed = try saved.word("completed") { Int($0).flatMap { (0...points.count).contains($0) ? $0 : nil } }
        state.largest = Double(bitPattern: try saved.word("largest") { UInt64($0, radix: 16) })
        state.hasStopped = try saved.word("has_stopped") { Bool($0) }
        try saved.read("gradients", into: state.gradients.buffer)
        return state
    }
}
