extension FineTuner {
    /// Where a run stands after a step: all it needs to go on as if it had never stopped.
    ///
    /// The numbers are the run's own memory: to keep them beyond the call they are handed to, write them.
    public struct State {
        /// Steps done.
        public let step: Int
        let generator: TorchGenerator
        let weights: Weights
        /// Nil where no average is kept.
        let average: Weights?
        let memory: [OptimizerMemory]

        fileprivate var buffers: [(name: String, buffer: Buffer)] {
            [("weights", weights.buffer)] + memory.map { ($0.name, $0.buffer) } + (average.map { [("average", $0.buffer)] } ?? [])
        }

        /// Writes a safetensors file.
        ///
        /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
        public func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
            try SavedBuffers.write(buffers, words: ["step": String(step), "generator": generator.saved], to: sink)
        }
    }

    /// Reads what ``State/write(to:)`` wrote in a run of the same settings on the same model.
    ///
    /// - Throws: ``SafeTensorsError`` when the file is of another model or other settings, or no such file.
    public func state(at path: String, of trained: TrainedModel) throws(SafeTensorsError) -> State {
        let saved = try SavedBuffers(path: path)
        let weights = Weights(trained.weights.parameters)
        let state = State(
            step: try saved.word("step") { Int($0).flatMap { (0...settings.steps).contains($0) ? $0 : nil } },
            generator: try saved.word("generator") { TorchGenerator(saved: $0) }, weights: weights,
            average: settings.emaDecay > 0 ? Weights(trained.weights.parameters) : nil,
            memory: settings.optimizer.kind.memory(trained.model.graph))
        for (name, buffer) in state.buffers { try saved.read(name, into: buffer) }
        return state
    }
}
