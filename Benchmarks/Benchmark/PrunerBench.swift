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
            plainfinetuning (without the average), sampling (forward) or profile.
            """) var step: Step
    @Option(help: "example, cifar10, celebahq, ldm, ldm4, sd15, or decoder, which samples alone.") var model = BenchmarkModel.cifar10
    @Option(help: "Images per step.") var batch = 16
    @Option(help: "Worker threads.") var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Steps before the clock starts.") var warmups = 2
    @Option(help: "Timed steps; the best counts.") var steps = 3

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case scoring, finetuning, plainfinetuning, sampling, profile
    }

    func run() throws {
        BLASKernels.restartWithBest()
        Matrix.useOneThreadPerCall()
        let parallel = Parallel(threads: threads)
        let alphasCumprod = (0..<1000).map { 1 - Float($0) / 1001 }
        let graph = try model.graph()
        let times: StepTimes
        switch step {
        case .profile: return profile(graph, parallel)
        case .sampling:
            let executor = Executor(graph: graph, weights: weights(of: graph), batch: batch, parallel: parallel)
            times = StepTimes(warmups: warmups, steps: steps) { step in
                for _ in 0..<(warmups + steps) {
                    fill(executor)
                    executor.forward()
                    step()
                }
            }
        case .finetuning, .plainfinetuning:
            let trained = try trained()
            times = try StepTimes(warmups: warmups, steps: steps) { done in
                var settings = FineTuner.Settings()
                (settings.steps, settings.batchSize) = (warmups + steps, batch)
                if step == .plainfinetuning { settings.emaDecay = 0 }
                let shape = trained.model.sampleShape
                let grey = [UInt8](repeating: 128, count: shape.count)
                let pictures = PictureSet(count: batch, shape: shape, conditions: conditions(trained)) { _ in grey }
                let objective = NoisePrediction(pictures, alphasCumprod: alphasCumprod)
                _ = try FineTuner(settings).run(training: trained, on: objective, parallel: parallel) { _, _ in done() }
            }
        case .scoring:
            let trained = try trained()
            let executor = Executor(
                graph: graph, weights: trained.weights, gradients: Weights(trained.weights.parameters), batch: batch, parallel: parallel)
            var generator = TorchGenerator(seed: 1)
            let shape = trained.model.sampleShape
            let numbers = generator.randn(batch * shape.count)
            let pictures = PictureSet(numbersOf: batch, shape: shape, conditions: conditions(trained)) {
                Array(numbers[($0 * shape.count)..<(($0 + 1) * shape.count)])
            }
            let objective = NoisePrediction(pictures, alphasCumprod: alphasCumprod)
            let examples = objective.scoring(try objective.scoring(batch, from: &generator), at: 500)
            let running = ObjectiveExecutor(objective, in: executor)
            times = StepTimes(warmups: warmups, steps: steps) { step in
                for _ in 0..<(warmups + steps) {
                    _ = running.loss(examples)
                    running.backward(examples)
                    step()
                }
            }
        }
        // Backward costs twice the forward, and a multiply-accumulate is two operations.
        let operations = 2 * Double(graph.multiplyAccumulates) * Double(batch) * (step == .sampling ? 1 : 3)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let report: [String: Any] = [
            "step": step.rawValue, "model": model.rawValue, "batch": batch, "threads": threads, "seconds_per_step": times.best,
            "processor_seconds_per_step": times.bestProcessor, "gflops": operations / times.best / 1e9,
            "peak_gflops": Matrix.measuredSpeed(parallel) / 1e9, "peak_memory": usage.ru_maxrss * 1024, "blas": Matrix.provider,
        ]
        print(String(decoding: try JSONSerialization.data(withJSONObject: report, options: [.sortedKeys]), as: UTF8.self))
    }

    private func trained() throws -> TrainedModel {
        guard let network = try model.model() else { throw ValidationError("\(model.rawValue) is for sampling and profile alone") }
        return TrainedModel(initializing: network, seed: 0)
    }

    private func weights(of graph: Graph) -> Weights {
        let weights = Weights(graph.parameters)
        var generator = TorchGenerator(seed: 0)
        for (index, parameter) in weights.parameters.enumerated() {
            weights.setTorchOrder(index, generator.randn(parameter.count).map { $0 * 0.02 })
        }
        return weights
    }

    /// Noise; a timestep and what else is one number is the middle of a thousand.
    private func fill(_ executor: Executor) {
        var generator = TorchGenerator(seed: 1)
        for input in executor.inputs {
            let count = batch * input.shape.count
            let numbers = input.shape.count == 1 ? [Float](repeating: 500, count: count) : generator.randn(count)
            for place in 0..<count { input.values[place] = numbers[place] }
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
    private func profile(_ graph: Graph, _ parallel: Parallel) {
        let weights = weights(of: graph)
        let executor = Executor(graph: graph, weights: weights, gradients: Weights(weights.parameters), batch: batch, parallel: parallel)
        fill(executor)
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
