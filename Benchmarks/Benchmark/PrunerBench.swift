import ArgumentParser
import Engine
import Foundation

/// Times this engine's half of the comparisons in Benchmarks/: one JSON line per run.
@main
struct PrunerBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pruner-bench", abstract: "Times one kind of step of a model with random weights.")

    @Argument(
        help: """
            scoring (forward, backward), finetuning (and an optimiser step and the average of the weights), \
            plainfinetuning (without the average), sampling (forward), decoding (an autoencoder's second half), features (what Inception \
            makes of pictures) or profile.
            """) var step: Step
    @Option(help: "example, cifar10, celebahq, ldm, ldm4, sd15 or vae.") var model = BenchmarkModel.cifar10
    @Option(help: "Of features: a file with Inception's weights, which there is no shape of here.") var weights: String?
    @Option(help: "Images per step.") var batch = 16
    @Option(help: "Worker threads.") var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Steps before the clock starts.") var warmups = 2
    @Option(help: "Timed steps; the best counts.") var steps = 3

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case scoring, finetuning, plainfinetuning, sampling, decoding, features, profile
    }

    func run() throws {
        BLASKernels.restartWithBest()
        Matrix.useOneThreadPerCall()
        let parallel = Parallel(threads: threads)
        guard step != .features else { return try features(parallel) }
        let trained = TrainedModel(initializing: try model.model(), seed: 0)
        var work = trained.model.graph.multiplyAccumulates
        let times: StepTimes
        switch step {
        case .features: return
        case .profile: return try profile(trained, parallel)
        case .finetuning, .plainfinetuning:
            times = try StepTimes(warmups: warmups, steps: steps) { done in
                var settings = FineTuner.Settings()
                (settings.steps, settings.batchSize) = (warmups + steps, batch)
                if step == .plainfinetuning { settings.emaDecay = 0 }
                let shape = trained.model.sampleShape
                let grey = [UInt8](repeating: 128, count: shape.count)
                let pictures = PictureSet(count: batch, shape: shape, conditions: conditions(trained)) { _ in grey }
                _ = try FineTuner(settings).run(training: trained, on: objective(pictures), parallel: parallel) { _, _ in done() }
            }
        case .decoding:
            guard let decoder = try model.decoder() else { throw ValidationError("\(model.rawValue) has no decoder") }
            work = decoder.multiplyAccumulates
            let executor = Executor(graph: decoder, weights: Weights(decoder.parameters), batch: batch, parallel: parallel)
            times = StepTimes(warmups: warmups, steps: steps) { step in
                for _ in 0..<(warmups + steps) {
                    executor.forward()
                    step()
                }
            }
        case .scoring, .sampling:
            let gradients = step == .scoring ? Weights(trained.weights.parameters) : nil
            let executor = Executor(
                graph: trained.model.graph, weights: trained.weights, gradients: gradients, batch: batch, parallel: parallel)
            var generator = TorchGenerator(seed: 1)
            let shape = trained.model.sampleShape
            let numbers = generator.randn(batch * shape.count)
            let pictures = PictureSet(numbersOf: batch, shape: shape, conditions: conditions(trained)) {
                Array(numbers[($0 * shape.count)..<(($0 + 1) * shape.count)])
            }
            times = try timed(objective(pictures), executor, &generator, isTraining: gradients != nil)
        }
        // Backward costs twice the forward, and a multiply-accumulate is two operations.
        try report(
            times, model: model.rawValue, operations: 2 * Double(work) * Double(batch) * (step == .sampling || step == .decoding ? 1 : 3),
            parallel)
    }

    /// Features of pictures of 32 × 32.
    private func features(_ parallel: Parallel) throws {
        guard let weights else { throw ValidationError("features are made by --weights") }
        let checkpoint = try InceptionCheckpoint(weights: try WeightsFile.open(path: weights, name: weights))
        let network = InceptionFeatures(checkpoint.model, try checkpoint.load(), memory: 4 << 30, parallel: parallel)
        var generator = TorchGenerator(seed: 0)
        let bytes = generator.randint(below: 256, count: batch * 3 * 32 * 32).map { UInt8($0) }
        let pictures = Pictures(count: batch, channels: 3, height: 32, width: 32, bytes: bytes)
        let times = StepTimes(warmups: warmups, steps: steps) { step in
            for _ in 0..<(warmups + steps) {
                _ = network.features(of: pictures) {}
                step()
            }
        }
        let operations = 2 * Double(checkpoint.model.graph.multiplyAccumulates) * Double(batch)
        try report(times, model: "inception", operations: operations, parallel)
    }

    private func report(_ times: StepTimes, model: String, operations: Double, _ parallel: Parallel) throws {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let report: [String: Any] = [
            "step": step.rawValue, "model": model, "batch": batch, "threads": threads, "seconds_per_step": times.best,
            "processor_seconds_per_step": times.bestProcessor, "gflops": operations / times.best / 1e9,
            "peak_gflops": Matrix.measuredSpeed(parallel) / 1e9, "peak_memory": usage.ru_maxrss * 1024, "blas": Matrix.provider,
        ]
        print(String(decoding: try JSONSerialization.data(withJSONObject: report, options: [.sortedKeys]), as: UTF8.self))
    }

    private func objective(_ pictures: PictureSet) -> any Objective {
        model == .vae ? Reconstruction(pictures) : NoisePrediction(pictures, alphasCumprod: (0..<1000).map { 1 - Float($0) / 1001 })
    }

    private func timed(
        _ objective: some Objective, _ executor: Executor, _ generator: inout TorchGenerator, isTraining: Bool
    ) throws -> StepTimes {
        let examples = try objective.scoring(try objective.scoring(batch, from: &generator), at: model == .vae ? 0 : 500)
        let running = ObjectiveExecutor(objective, in: executor)
        return StepTimes(warmups: warmups, steps: steps) { step in
            for _ in 0..<(warmups + steps) {
                _ = running.loss(examples)
                if isTraining { running.backward(examples) }
                step()
            }
        }
    }

    /// What a network is told that takes tokens: random ones.
    private func conditions(_ trained: TrainedModel) -> Conditions? {
        guard let shape = trained.model.graph.input("encoder_hidden_states") else { return nil }
        return .tokens(shape.width, width: shape.channels, pictures: batch, empty: nil) { picture in
            var generator = TorchGenerator(seed: picture)
            return generator.randn(shape.count)
        }
    }

    /// Prints where a step's processor time goes, in milliseconds.
    private func profile(_ trained: TrainedModel, _ parallel: Parallel) throws {
        let executor = Executor(
            graph: trained.model.graph, weights: trained.weights, gradients: Weights(trained.weights.parameters), batch: batch,
            parallel: parallel)
        _ = executor.profile()
        let profile = executor.profile()
        func milliseconds(_ seconds: Double?) -> String {
            let text = String(format: "%.1f", (seconds ?? 0) * 1000)
            return String(repeating: " ", count: max(0, 9 - text.count)) + text
        }
        for kind in profile.forward.keys.sorted() {
            let parts = [profile.prepare[kind], profile.forward[kind], profile.backward[kind]].map(milliseconds)
            // Backward costs twice the forward. Beyond the machine's own speed is what Winograd's tiles save.
            let seconds = [profile.forward, profile.backward].map { $0[kind] ?? 0 }
            let operations = 2e-9 * Double(profile.multiplyAccumulates[kind] ?? 0)
            let speeds = zip(seconds, [1.0, 2.0]).map { $0 > 0 ? operations * $1 / $0 : 0 }
            let rates = String(format: "%7.1f GFLOP at %.0f, %.0f a second of a thread", operations, speeds[0], speeds[1])
            print(parts.joined(), kind, operations > 0 ? rates : "")
        }
        let sums = [profile.prepare, profile.forward, profile.backward].map { milliseconds($0.values.reduce(0, +)) }
        print(sums.joined(), "together: preparing, forward, backward, in ms of \(threads) threads together")
    }
}
