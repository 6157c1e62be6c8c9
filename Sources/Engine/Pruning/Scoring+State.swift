extension Scoring {
    /// Where a walk stands after a point: all it needs to go on as if it had never stopped. What is drawn from the seed is drawn again.
    ///
    /// What was made of gradients is the walk's own memory: to keep it beyond the call it is handed to, write it.
    public struct State {
        /// Points evaluated.
        public internal(set) var completed = 0
        /// L_max so far; nil before the first point.
        public var largestLoss: Double? { completed > 0 ? largest : nil }
        /// Points whose gradients were added: all but the one at which the walk stopped.
        public var kept: Int { completed - (hasStopped ? 1 : 0) }
        var largest = 0.0
        var hasStopped = false
        package let accumulated: AccumulatedGradients
        /// Where the threshold is chosen in the end.
        let history: ImportanceHistory?
        private let accumulation: GradientAccumulation

        init(_ scoring: Scoring, of trained: TrainedModel) {
            let groups = trained.model.graph.channelGroups()
            accumulation = scoring.accumulation
            accumulated = AccumulatedGradients(accumulation, of: trained.weights, groups: groups)
            history = scoring.threshold == nil ? ImportanceHistory(points: scoring.points.count, groups: groups) : nil
        }

        fileprivate var buffers: [(name: String, buffer: Buffer)] {
            [(accumulation.rawValue, accumulated.kept)] + (history.map { [("importance", $0.buffer)] } ?? [])
        }

        /// Writes a safetensors file.
        ///
        /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
        public func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
            var words = [
                "completed": String(completed), "largest": String(largest.bitPattern, radix: 16), "has_stopped": String(hasStopped),
            ]
            if let history { words["losses"] = history.losses.map { String($0.bitPattern, radix: 16) }.joined(separator: " ") }
            try SavedBuffers.write(buffers, words: words, to: sink)
        }
    }

    /// Reads what ``State/write(to:)`` wrote in a walk of the same settings on the same model.
    ///
    /// - Throws: ``SafeTensorsError`` when the file is of another model or other settings, or no such file.
    public func state(at path: String, of trained: TrainedModel) throws(SafeTensorsError) -> State {
        let saved = try SavedBuffers(path: path)
        var state = State(self, of: trained)
        state.completed = try saved.word("completed") { Int($0).flatMap { (0...points.count).contains($0) ? $0 : nil } }
        state.largest = Double(bitPattern: try saved.word("largest") { UInt64($0, radix: 16) })
        state.hasStopped = try saved.word("has_stopped") { Bool($0) }
        if let history = state.history {
            history.losses = try saved.word("losses") { text in
                let losses = text.split(separator: " ").compactMap { UInt64($0, radix: 16).map(Double.init(bitPattern:)) }
                return losses.count == state.completed ? losses : nil
            }
        }
        for (name, buffer) in state.buffers { try saved.read(name, into: buffer) }
        return state
    }
}
