import Engine
import Foundation
import Testing

/// A run that stops after any step and goes on from what it wrote gives the same numbers to the last bit.
@Suite struct ResumedRunTests {
    private struct Stop: Error {}

    /// A file of what `write` writes, gone after `body`.
    private static func saved<Result>(
        _ write: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void, _ body: (String) throws -> Result
    ) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        var bytes = Data()
        try write { bytes.append(contentsOf: $0) }
        try bytes.write(to: url)
        return try body(url.path)
    }

    @Test(arguments: [(0.0, false, OptimizerName.adamw), (0.99, false, .soap), (0.99, true, .adamw)], [1, 10, 20, 21])
    func fineTuningGoesOn(way: (emaDecay: Double, hasTeacher: Bool, optimizer: OptimizerName), stop: Int) throws {
        let (model, weights) = try Golden.unet("learned")
        let shape = model.sampleShape
        let pictures = PictureSet(count: 3, shape: shape) { index in
            (0..<shape.count).map { UInt8(truncatingIfNeeded: $0 * (index + 2) * 5) }
        }
        var settings = FineTuner.Settings()
        // SOAP takes its bases at the tenth step and turns them at the twentieth.
        settings.steps = 21
        settings.optimizer = way.optimizer
        // An odd number of normals below 16 leaves one waiting in the generator.
        settings.batchSize = 1
        settings.emaDecay = way.emaDecay
        settings.warmupSteps = 3
        let tuner = FineTuner(settings)
        let trained = TrainedModel(model: model, weights: weights)

        let plain = NoisePrediction(pictures, alphasCumprod: PruningGoldenTests.alphasCumprod)
        let imitation = try Imitation(
            plain, of: TrainedModel(model: model, weights: weights.copy()), by: model, kept: [:],
            shares: ImitationShares(output: 1, features: 1, task: 1), parallel: Parallel(threads: 2))

        func run(from state: FineTuner.State? = nil, until last: Int = 21) throws -> (
            steps: [FineTuner.Step], weights: [[Float]], state: Data
        ) {
            try way.hasTeacher ? run(on: imitation, from: state, until: last) : run(on: plain, from: state, until: last)
        }
        func run(on objective: some Objective, from state: FineTuner.State?, until last: Int) throws -> (
            steps: [FineTuner.Step], weights: [[Float]], state: Data
        ) {
            var (steps, written) = ([FineTuner.Step](), Data())
            do {
                let result = try tuner.run(
                    training: TrainedModel(model: model, weights: weights.copy()), on: objective, parallel: Parallel(threads: 2),
                    from: state
                ) { step, state in
                    steps.append(step)
                    guard step.step == last, last == stop else { return }
                    try state.write { written.append(contentsOf: $0) }
                    throw Stop()
                }
                return (steps, [result.averaged.buffer.array, result.last.buffer.array], written)
            } catch is Stop {
                return (steps, [], written)
            }
        }
        let whole = try run(until: 22)
        let first = try run(until: stop)
        let rest = try Self.saved({ try first.state.withUnsafeBytes($0) }) { path in
            try run(from: tuner.state(at: path, of: trained), until: 22)
        }
        #expect(first.steps + rest.steps == whole.steps)
        #expect(rest.weights == whole.weights)
        #expect(whole.weights.count == 2)
        #expect(whole.steps.allSatisfy { $0.terms.count == (way.hasTeacher ? 3 : 0) })
    }

    static let ways: [(PruningMethod, Double?)] = [
        (.taylor, 0), (.diffPruning, 0.9), (.diffPruning, nil), (.fisher, 0), (.fisher, nil), (.gaussNewton, 0), (.gaussNewton, 0.9),
        (.groupFisher, 0), (.groupFisher, nil),
    ]

    @Test(arguments: ways, [1, 3, 6])
    func scoringGoesOn(way: (method: PruningMethod, threshold: Double?), stop: Int) throws {
        let (model, weights) = try Golden.unet("ddpm")
        let trained = TrainedModel(model: model, weights: weights)
        let x0 = try #require(try Golden.tensors("pruning/ddpm/inputs.safetensors")["x0"]).values
        let objective = NoisePrediction(PictureSet.of(x0, model.sampleShape), alphasCumprod: PruningGoldenTests.alphasCumprod)
        let scoring = Scoring(method: way.method, threshold: way.threshold, points: Array(stride(from: 0, to: 50, by: 8)), seed: 3)

        func run(
            from state: Scoring.State? = nil, until last: Int
        ) throws -> (losses: [Scoring.PointLoss], outcome: Scoring.Outcome?, state: Data, kept: Int) {
            var (losses, written, kept) = ([Scoring.PointLoss](), Data(), 0)
            do {
                let outcome = try scoring.run(
                    trained, on: objective, samples: objective.available, parallel: Parallel(threads: 2), from: state
                ) { loss, state in
                    losses.append(loss)
                    kept = state.kept
                    guard state.completed == last || !loss.isKept, last <= 6 else { return }
                    try state.write { written.append(contentsOf: $0) }
                    throw Stop()
                }
                return (losses, outcome, written, kept)
            } catch is Stop {
                return (losses, nil, written, kept)
            }
        }
        let whole = try run(until: .max)
        let first = try run(until: stop)
        let rest = try Self.saved({ try first.state.withUnsafeBytes($0) }) { path in
            let state = try scoring.state(at: path, of: trained)
            #expect(state.kept == first.kept && state.completed == first.losses.count)
            return try run(from: state, until: .max)
        }
        #expect(first.losses + rest.losses == whole.losses)
        #expect(try #require(rest.outcome).importance == #require(whole.outcome).importance)
        #expect(rest.outcome?.choice == whole.outcome?.choice && rest.outcome?.rejected == whole.outcome?.rejected)
        #expect((whole.outcome?.choice == nil) == (way.threshold != nil))
    }

    @Test func whatIsNoStateOfThisRunIsRefused() throws {
        let (model, weights) = try Golden.unet("learned")
        let trained = TrainedModel(model: model, weights: weights)
        let path = Golden.fixtures.appendingPathComponent("unet/learned/weights.safetensors").path
        #expect(throws: SafeTensorsError.self) { try FineTuner(FineTuner.Settings()).state(at: path, of: trained) }
        let scoring = Scoring(method: .taylor, threshold: 0, points: [0], seed: 0)
        #expect(throws: SafeTensorsError.self) { try scoring.state(at: path, of: trained) }
        #expect(throws: SafeTensorsError.self) { try scoring.state(at: path + ".none", of: trained) }
    }
}
