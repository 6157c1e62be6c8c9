import Engine
import Testing

/// What every operator must do, whichever it is; the checks are the sections of ``Operator``.
struct OperatorConformance {
    let example: OperatorCase

    init(_ example: OperatorCase) { self.example = example }

    // MARK: Shape

    func checkShapes() throws {
        let (inputs, parameters) = example.values()
        #expect(try example.operation.outputShape(of: example.inputs) == example.twin(inputs, parameters).shape)
        #expect(parameters.map(\.values.count) == example.operation.parameters.map(\.count))
        for wrong in example.wrongInputs {
            var graph = Graph()
            let nodes = try wrong.map { try graph.add("input", Input($0)) }
            do throws(GraphError) {
                try graph.add("the node", example.operation, nodes)
                Issue.record("\(wrong) was taken")
            } catch {
                guard case .shape(node: "the node", _, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }

    // MARK: Forward

    func checkForward(threads: [Int]) throws {
        let (inputs, parameters) = example.values()
        let expected = example.twin(inputs, parameters).values
        for threads in threads { try checkForward(inputs, parameters, expected, threads: threads) }
    }

    private func checkForward(_ inputs: [Samples], _ parameters: [PlainTensor], _ expected: [Double], threads: Int) throws {
        let training = try OperatorRun(example.operation, inputs, parameters, threads: threads)
        training.forward()
        expectEqual(training.output.values, expected, "output")
        #expect(training.leftTheRestAlone)

        let inference = try OperatorRun(example.operation, inputs, parameters, threads: threads, isTraining: false)
        inference.forward()
        #expect(inference.output.values == training.output.values)
        #expect(inference.leftTheRestAlone)

        let again = training.output.values
        training.forward()
        #expect(training.output.values == again)
    }

    // MARK: Backward

    func checkGradients(threads: [Int]) throws {
        let (inputs, parameters) = example.values()
        var generator = TorchGenerator(seed: 7)
        let outputCount = example.batch * (try example.operation.outputShape(of: example.inputs)).count
        let functional = generator.uniform(outputCount, from: -1, to: 1).map(Double.init)
        var differences = FiniteDifferences(inputs: inputs, parameters: parameters, functional: functional, twin: example.twin)
        let hasInputGradients = example.timesteps == nil

        let runs = try threads.map { try OperatorRun(example.operation, inputs, parameters, threads: $0) }
        for run in runs {
            run.forward()
            run.backward(functional, forInputs: hasInputGradients)
            #expect(run.leftTheRestAlone)
        }
        // The gradients found, then what they are when a second call adds to them.
        let once = runs.map(gradients)
        for (run, once) in zip(runs, once) {
            run.forward()
            run.backward(functional, accumulating: true, forInputs: hasInputGradients)
            for (first, both) in zip(once, gradients(run)) { expectEqual(both, first.map { 2 * Double($0) }, "twice") }
            guard !once.isEmpty, !example.operation.parameters.isEmpty else { continue }
            // Where nothing upstream learns the parameters' gradients are the same.
            let alone = try OperatorRun(example.operation, inputs, parameters, threads: run === runs[0] ? threads[0] : threads[1])
            alone.forward()
            alone.backward(functional, forInputs: false)
            #expect(parameterGradients(alone) == Array(once.suffix(parameters.count)))
        }
        for tensor in 0..<(inputs.count + parameters.count) where tensor >= inputs.count || hasInputGradients {
            for probe in differences.probes(of: tensor) {
                for gradients in once {
                    let found = gradients[hasInputGradients ? tensor : tensor - inputs.count]
                    let parameter = tensor < inputs.count ? nil : example.operation.parameters[tensor - inputs.count]
                    let isTrained = parameter.map { example.isTrained && $0.isTrained } ?? true
                    guard isTrained else {
                        #expect(found.allSatisfy { $0 == 0 })
                        continue
                    }
                    let error = probe.error(of: found)
                    #expect(error < 10 * example.tolerance, "tensor \(tensor), \(probe)")
                }
            }
        }
    }

    private func gradients(_ run: OperatorRun) -> [[Float]] {
        (example.timesteps == nil ? run.inputGradients.map(\.values) : []) + parameterGradients(run)
    }

    private func parameterGradients(_ run: OperatorRun) -> [[Float]] {
        run.operation.parameters.indices.map { run.parameterGradients.torchOrder($0) }
    }

    // MARK: Cutting

    /// Cuts a random choice of the channels that the operator itself calls coupled.
    func checkCutting(threads: [Int]) throws {
        let (inputs, parameters) = example.values()
        let choice = ChannelChoice(example.operation, inputWidths: example.inputs.map(\.channels), seed: 3)
        let cut = example.operation.cut(choice.kept)
        let cutInputs = zip(inputs, choice.kept.inputs).map { $0.keeping($1) }
        let cutParameters = zip(example.operation.parameters, parameters).map { parameter, tensor in
            tensor.keeping(rows: choice.axes[parameter.name]?[0], columns: choice.axes[parameter.name]?[1])
        }
        #expect(cut.parameters.map(\.shape) == cutParameters.map(\.shape))
        #expect(cut.parameters.map(\.name) == example.operation.parameters.map(\.name))

        let expected: Samples
        if example.cutsLikeZeros {
            let cleared = zip(inputs, choice.kept.inputs).map { $0.clearing(allBut: $1) }
            expected = example.twin(cleared, parameters).keeping(choice.kept.output)
        } else {
            expected = example.twin(cutInputs, cutParameters)
        }
        for threads in threads {
            let run = try OperatorRun(cut, cutInputs, cutParameters, threads: threads)
            run.forward()
            expectEqual(run.output.values, expected.values, "cut to \(choice.kept)")
        }
    }

    // MARK: Cost

    func checkCost() throws {
        let output = try example.operation.outputShape(of: example.inputs)
        #expect(example.operation.multiplyAccumulates(inputs: example.inputs, output: output) == example.multiplyAccumulates)
    }

    private func expectEqual(_ found: [Float], _ expected: [Double], _ what: String) {
        guard found.count == expected.count else {
            Issue.record("\(what): \(found.count) numbers, expected \(expected.count)")
            return
        }
        let largest = expected.map(abs).max() ?? 0
        let error = zip(found, expected).map { $0.isFinite ? abs(Double($0) - $1) : .infinity }.max() ?? 0
        #expect(error <= example.tolerance * largest, "\(what)")
    }
}
