import Engine

/// One operator in memory of its own, as an executor would lay it out.
final class OperatorRun {
    let operation: any Operator
    let inputs: [GuardedMemory]
    let output: GuardedMemory
    let outputGradient: GuardedMemory
    let inputGradients: [GuardedMemory]
    let parameterGradients: Weights
    private let shape: CallShape
    private let parameters: Weights
    private let saved: GuardedMemory
    private let prepared: GuardedMemory
    private let scratch: GuardedMemory
    private let inputValues: [[Double]]

    init(
        _ operation: any Operator, _ inputs: [Samples], _ parameters: [PlainTensor], threads: Int, isTraining: Bool = true
    ) throws {
        self.operation = operation
        let batch = inputs[0].batch
        let outputShape = try operation.outputShape(of: inputs.map(\.shape))
        shape = CallShape(
            batch: batch, inputs: inputs.map(\.shape), output: outputShape, isTraining: isTraining, parallel: Parallel(threads: threads))
        inputValues = inputs.map(\.values)
        self.inputs = inputs.map { GuardedMemory($0.values) }
        output = GuardedMemory(batch * outputShape.count)
        outputGradient = GuardedMemory(batch * outputShape.count)
        inputGradients = inputs.map { GuardedMemory($0.values.count) }
        self.parameters = Weights(operation.parameters)
        parameterGradients = Weights(operation.parameters)
        for (index, tensor) in parameters.enumerated() { self.parameters.setTorchOrder(index, tensor.values.map { Float($0) }) }
        saved = GuardedMemory(operation.savedCount(shape))
        prepared = GuardedMemory(operation.preparedCount(shape))
        scratch = GuardedMemory(operation.scratchCount(shape))
    }

    func forward() {
        for (memory, values) in zip(inputs, inputValues) { memory.fill(values) }
        output.forget()
        saved.forget()
        prepared.forget()
        scratch.forget()
        operation.prepare(call(accumulating: false, forInputs: true), for: .forward)
        scratch.forget()
        operation.forward(call(accumulating: false, forInputs: true))
    }

    /// Runs backward on nothing but what the operator says it reads.
    func backward(_ gradient: [Double], accumulating: Bool = false, forInputs: Bool = true) {
        for input in inputs.dropFirst(operation.backwardReads.inputs) { input.forget() }
        if !operation.backwardReads.output { output.forget() }
        outputGradient.fill(gradient)
        prepared.forget()
        scratch.forget()
        operation.prepare(call(accumulating: accumulating, forInputs: forInputs), for: .backward)
        scratch.forget()
        operation.backward(call(accumulating: accumulating, forInputs: forInputs))
    }

    /// Whether the operator has left alone all that is not its to write.
    var leftTheRestAlone: Bool {
        let memory = inputs + inputGradients + [output, outputGradient, saved, prepared, scratch]
        return memory.allSatisfy(\.isFenceIntact)
            && zip(inputs, inputValues).allSatisfy { memory, values in
                memory.values.allSatisfy(\.isNaN) || memory.values == values.map { Float($0) }
            }
    }

    private func call(accumulating: Bool, forInputs: Bool) -> OperatorCall {
        let indices = Array(operation.parameters.indices)
        return OperatorCall(
            shape: shape, inputs: inputs.map(\.pointer), output: output.pointer, outputGradient: outputGradient.pointer,
            inputGradients: inputGradients.map { forInputs ? $0.pointer : nil },
            accumulates: inputs.map { _ in accumulating }, parameters: indices.map { parameters.pointer($0) },
            parameterGradients: shape.isTraining ? indices.map { parameterGradients.pointer($0) } : [],
            prepared: prepared.pointer, preparedBackward: prepared.pointer, saved: saved.pointer, scratch: scratch.pointer)
    }
}
