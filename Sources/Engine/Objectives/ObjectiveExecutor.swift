/// An objective at work in an executor: the loss of examples and its gradient, in parts where the executor takes fewer samples than there are.
package struct ObjectiveExecutor<Served: Objective> {
    private let objective: Served
    private let executor: Executor
    /// Samples of the whole batch.
    private let samples: Int
    private let bindings: Served.Bindings

    /// - Parameter samples: of the whole batch; nil is as many as the executor takes at once.
    package init(_ objective: Served, in executor: Executor, samples: Int? = nil) {
        self.objective = objective
        self.executor = executor
        self.samples = samples ?? executor.batch
        bindings = objective.bindings(in: executor)
    }

    private var parts: Int { (samples + executor.batch - 1) / executor.batch }

    private func range(_ part: Int) -> Range<Int> { (part * executor.batch)..<min(samples, (part + 1) * executor.batch) }

    /// Runs forward and returns the loss over the whole batch.
    package func loss(_ examples: Served.Examples) -> Double {
        objective.begin(examples, samples: samples, in: bindings)
        var total = 0.0
        for part in 0..<parts { total += forward(examples, range(part)) }
        return total / Double(samples * objective.terms(in: bindings))
    }

    /// Adds the gradient of the last ``loss(_:)`` to the executor's gradients; `examples` must be the same.
    package func backward(_ examples: Served.Examples) {
        // The last part is what the executor still holds.
        for part in (0..<parts).reversed() {
            if part < parts - 1 { _ = forward(examples, range(part)) }
            backward(range(part))
        }
    }

    /// ``loss(_:)`` and ``backward(_:)`` in one walk over the parts.
    package func lossAndBackward(_ examples: Served.Examples) -> Double {
        objective.begin(examples, samples: samples, in: bindings)
        var total = 0.0
        for part in 0..<parts {
            total += forward(examples, range(part))
            backward(range(part))
        }
        return total / Double(samples * objective.terms(in: bindings))
    }

    /// What the loss of ``loss(_:)`` or ``lossAndBackward(_:)`` was made of, right after it.
    package var lossTerms: [LossTerm] { objective.lossTerms(in: bindings) }

    /// ``lossAndBackward(_:)`` where each sample's own gradients count: one sample after the other, in an executor of one at a time.
    ///
    /// - Parameters:
    ///   - signs: where there are any, gradients are those of ⟨v, outputs⟩ instead of the loss of the one sample.
    ///   - take: called after each sample, whose gradients were added to the executor's.
    /// - Returns: the loss over the whole batch.
    package func lossAndBackwardOfEach(_ examples: Served.Examples, signs: inout RandomSigns?, take: () -> Void) -> Double {
        precondition(executor.batch == 1, "samples are to go through one at a time, not \(executor.batch)")
        objective.begin(examples, samples: samples, in: bindings)
        var total = 0.0
        for sample in 0..<samples {
            total += forward(examples, sample..<(sample + 1))
            if signs != nil { signs?.write(to: executor.outputs) } else { objective.gradient(of: 1, among: 1, in: bindings) }
            executor.backward()
            take()
        }
        return total / Double(samples * objective.terms(in: bindings))
    }

    /// Runs forward on some of the examples and returns the sum of their errors. Places beyond them are empty.
    private func forward(_ examples: Served.Examples, _ range: Range<Int>) -> Double {
        objective.feed(examples, range, to: bindings)
        for input in executor.inputs { clear(input.values, beyond: range.count, input.shape) }
        executor.forward()
        return objective.error(of: range.count, in: bindings)
    }

    /// Adds the gradient of those examples that went forward last.
    private func backward(_ range: Range<Int>) {
        objective.gradient(of: range.count, among: samples, in: bindings)
        for output in executor.outputs {
            if let gradient = output.gradient { clear(gradient, beyond: range.count, output.shape) }
        }
        executor.backward()
    }

    private func clear(_ values: UnsafeMutablePointer<Float>, beyond count: Int, _ shape: Shape) {
        (values + count * shape.count).update(repeating: 0, count: (executor.batch - count) * shape.count)
    }
}
