import Engine
import Foundation
import Testing

/// Imitation of a teacher, beside another objective.
@Suite struct ImitationTests {
    private static let parallel = Parallel(threads: 2)
    private static let ways = [
        ImitationShares(output: 1), ImitationShares(features: 1), ImitationShares(output: 2, task: 1),
        ImitationShares(output: 0.5, features: 3, task: 0.25),
    ]

    // MARK: Against a twin

    private static let kept = [0, 2, 3]

    private static func narrowing(width: Int, seed: Int) throws -> TrainedModel {
        let model = try Narrowing(json: Data(), shapes: ["down.weight": [width, 4]])
        return TrainedModel(initializing: model, seed: seed)
    }

    private static func plain(_ weights: Weights) -> [PlainTensor] {
        weights.parameters.enumerated().map { PlainTensor(shape: $1.shape, values: weights.torchOrder($0).map(Double.init)) }
    }

    /// The loss by its definition, and the terms that it is made of.
    private static func terms(
        _ inputs: [Samples], _ student: [PlainTensor], _ teacher: [PlainTensor]
    ) -> (output: Double, features: Double, task: Double) {
        let (s, t) = (Narrowing.outputs(inputs, student), Narrowing.outputs(inputs, teacher))
        func feature(_ s: Samples, _ t: Samples) -> Double {
            let t = t.keeping(kept)
            return Narrowing.meanSquare(s, t) / Narrowing.meanSquare(t, Samples(batch: t.batch, shape: t.shape))
        }
        return (
            Narrowing.meanSquare(s.up, t.up), (feature(s.down, t.down) + feature(s.activation, t.activation)) / 2,
            Narrowing.meanSquare(s.up, inputs[0])
        )
    }

    @Test(arguments: ways, [5, 2])
    func theLossAndItsGradientsAreThoseOfItsDefinition(shares: ImitationShares, batch: Int) throws {
        let (student, teacher) = (try Self.narrowing(width: 3, seed: 1), try Self.narrowing(width: 5, seed: 2))
        let shape = student.model.sampleShape
        var generator = TorchGenerator(seed: 4)
        let numbers = generator.randn(5 * shape.count)
        let objective = try Imitation(
            Reconstruction(PictureSet.of(numbers, shape)), of: teacher, by: student.model,
            kept: ["down": Self.kept, "activation": Self.kept], shares: shares, parallel: Self.parallel)
        let gradients = Weights(student.weights.parameters)
        let executor = Executor(
            graph: objective.graph(of: student.model), weights: student.weights, gradients: gradients, batch: batch, parallel: Self.parallel
        )
        let running = ObjectiveExecutor(objective, in: executor, samples: 5)
        let loss = running.lossAndBackward(try objective.scoring(objective.scoring(5, from: &generator), at: 0))

        var pixels = [Float](repeating: 0, count: numbers.count)
        PixelOrder.channelsLast(numbers, to: &pixels, batch: 5, shape: shape)
        let inputs = [Samples(batch: 5, shape: shape, values: pixels.map(Double.init))]
        let (mine, theirs) = (Self.plain(student.weights), Self.plain(teacher.weights))
        let twin = Twin { inputs, parameters in
            let terms = Self.terms(inputs, parameters, theirs)
            let sum = shares.output * terms.output + shares.features * terms.features + shares.task * terms.task
            return Samples(batch: 1, shape: .vector(1), values: [sum / (shares.output + shares.features + shares.task)])
        }
        #expect(abs(loss / twin(inputs, mine).values[0] - 1) < 1e-5)
        let terms = Self.terms(inputs, mine, theirs)
        let wanted = [
            ("output", shares.output, terms.output), ("features", shares.features, terms.features), ("task", shares.task, terms.task),
        ]
        .filter { $0.1 > 0 }
        #expect(running.lossTerms.map(\.name) == wanted.map(\.0))
        for (found, expected) in zip(running.lossTerms, wanted) { #expect(abs(found.value / expected.2 - 1) < 1e-5, "\(expected.0)") }

        var differences = FiniteDifferences(inputs: inputs, parameters: mine, functional: [1], twin: twin)
        for index in mine.indices {
            for probe in differences.probes(of: index + 1) {
                #expect(probe.error(of: gradients.torchOrder(index)) < 1e-4, "\(gradients.parameters[index].name), \(probe)")
            }
        }
    }

    @Test func channelsThatTheStudentDoesNotHaveAreRefused() throws {
        let (student, teacher) = (try Self.narrowing(width: 3, seed: 1), try Self.narrowing(width: 5, seed: 2))
        let base = Reconstruction(
            PictureSet.of([Float](repeating: 0, count: student.model.sampleShape.count), student.model.sampleShape))
        for kept in [
            [:], ["down": [0, 1, 2]], ["down": [0, 1, 2], "activation": [0, 1]], ["down": [0, 1, 2], "activation": [0, 1, 5]],
        ] {
            #expect(throws: GraphError.self) {
                try Imitation(base, of: teacher, by: student.model, kept: kept, shares: .init(features: 1), parallel: Self.parallel)
            }
        }
        _ = try Imitation(base, of: teacher, by: student.model, kept: [:], shares: .init(output: 1), parallel: Self.parallel)
    }

    // MARK: Of a U-Net and what a cut leaves of it

    private struct Pair {
        let teacher: TrainedModel
        let student: TrainedModel
        let kept: [String: [Int]]
        let base: NoisePrediction

        init(_ name: String, ratio: Double) throws {
            let (model, weights) = try Golden.unet(name)
            teacher = TrainedModel(model: model, weights: weights)
            let selection = Selection(ratio: ratio, widths: .free, blockRules: model.blockRules)
            let chosen = try teacher.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection).map(\.kept)
            let cut = try teacher.pruned(kept: chosen, widths: .free, steps: PruningGoldenTests.steps)
            student = TrainedModel(model: cut.model, weights: cut.weights.copy())
            kept = model.graph.keptOutputs(chosen)
            let shape = model.sampleShape
            let pictures = PictureSet(count: 8, shape: shape) { index in
                (0..<shape.count).map { UInt8(truncatingIfNeeded: ($0 * (index + 3)) ^ (index * 77)) }
            }
            base = NoisePrediction(pictures, alphasCumprod: PruningGoldenTests.alphasCumprod)
        }

        func imitation(_ shares: ImitationShares) throws -> Imitation<NoisePrediction> {
            try Imitation(base, of: teacher, by: student.model, kept: kept, shares: shares, parallel: ImitationTests.parallel)
        }

        func train(
            on objective: some Objective, steps: Int, memory: Int = .max
        ) throws -> (steps: [FineTuner.Step], weights: [Float]) {
            var settings = FineTuner.Settings()
            (settings.steps, settings.batchSize, settings.learningRate) = (steps, 5, 1e-3)
            var found: [FineTuner.Step] = []
            let copy = TrainedModel(model: student.model, weights: student.weights.copy())
            let result = try FineTuner(settings).run(training: copy, on: objective, memory: memory, parallel: ImitationTests.parallel) {
                step, _ in
                found.append(step)
            }
            return (found, result.last.buffer.array)
        }
    }

    /// Also where the last part has empty places, and where even one picture's activations are made again.
    @Test(arguments: ["ddpm", "ldm", "scale_shift", "learned"], [1, 2, 3, 5])
    func aBatchInPartsHasTheNumbersOfTheWhole(name: String, batch: Int) throws {
        let pair = try Pair(name, ratio: 0.5)
        for shares in Self.ways {
            let objective = try pair.imitation(shares)
            func run(_ batch: Int, segments: Int) throws -> (loss: Double, terms: [LossTerm], gradients: [Float]) {
                let gradients = Weights(pair.student.weights.parameters)
                let executor = Executor(
                    graph: objective.graph(of: pair.student.model), weights: pair.student.weights, gradients: gradients, batch: batch,
                    segments: segments, parallel: Self.parallel)
                var generator = TorchGenerator(seed: 5)
                let examples = try objective.draw(5, mirroring: true, from: &generator)
                let running = ObjectiveExecutor(objective, in: executor, samples: 5)
                guard segments > 1 else {
                    let loss = running.lossAndBackward(examples)
                    return (loss, running.lossTerms, gradients.buffer.array)
                }
                let loss = running.loss(examples)
                let terms = running.lossTerms
                running.backward(examples)
                return (loss, terms, gradients.buffer.array)
            }
            let whole = try run(5, segments: 1)
            #expect(whole.loss > 0)
            for segments in [1, 4] {
                let parts = try run(batch, segments: segments)
                #expect(abs(parts.loss / whole.loss - 1) < 1e-6)
                for (part, all) in zip(parts.terms, whole.terms) { #expect(abs(part.value / all.value - 1) < 1e-6, "\(all.name)") }
                #expect(relativeError(parts.gradients, whole.gradients) < 1e-5)
            }
        }
    }

    @Test(arguments: ["ddpm", "ldm", "scale_shift", "learned"], [Int.max, 0])
    func aNetworkOfWhichNothingWasCutIsItsTeacherToTheLastBit(name: String, memory: Int) throws {
        let pair = try Pair(name, ratio: 0)
        let step = try #require(
            try pair.train(on: pair.imitation(.init(output: 1, features: 1, task: 2)), steps: 1, memory: memory).steps.first)
        #expect(step.terms.map(\.name) == ["output", "features", "task"])
        #expect(step.terms[0].value == 0 && step.terms[1].value == 0)
        #expect(step.terms[2].value > 0 && abs(step.loss / (step.terms[2].value / 2) - 1) < 1e-12)
    }

    @Test func withoutATeachersTermsItIsTheTaskAlone() throws {
        let pair = try Pair("ddpm", ratio: 0.5)
        let (plain, taught) = (try pair.train(on: pair.base, steps: 3), try pair.train(on: pair.imitation(.init(task: 2)), steps: 3))
        #expect(plain.weights == taught.weights)
        for (a, b) in zip(plain.steps, taught.steps) {
            #expect(abs(a.loss / b.loss - 1) < 1e-12 && a.gradientNorm == b.gradientNorm)
            #expect(b.terms.map(\.name) == ["task"] && a.terms.isEmpty)
        }
    }

    @Test func theTermsThatHaveAWeightBecomeSmaller() throws {
        let pair = try Pair("ddpm", ratio: 0.5)
        let steps = try pair.train(on: pair.imitation(.init(output: 1, features: 1)), steps: 60).steps
        func mean(_ steps: ArraySlice<FineTuner.Step>, _ term: Int) -> Double {
            steps.reduce(0) { $0 + $1.terms[term].value } / Double(steps.count)
        }
        for term in 0..<2 { #expect(mean(steps.suffix(10), term) < 0.9 * mean(steps.prefix(10), term), "\(steps[0].terms[term].name)") }
    }

    @Test func twoRunsAreTheSame() throws {
        let pair = try Pair("ldm", ratio: 0.5)
        let runs = try (0..<2).map { _ in try pair.train(on: pair.imitation(Self.ways[3]), steps: 3) }
        #expect(runs[0].weights == runs[1].weights && runs[0].steps == runs[1].steps)
    }
}
