import ArgumentParser
import Engine
import Foundation

/// Times this engine's half of the comparisons in Benchmarks/: one JSON line per run.
@main
struct PrunerBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pruner-bench", abstract: "Times one kind of step on google/ddpm-cifar10-32's shape with random weights.")

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case scoring, sampling
    }

    @Argument(help: "scoring (forward and backward) or sampling (forward).") var step: Step
    @Option(help: "Images per step.") var batch = 16
    @Option(help: "Worker threads.") var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Steps before the clock starts.") var warmups = 2
    @Option(help: "Timed steps; the best counts.") var repeats = 3

    /// The published config's shape.
    private static let cifar10 = """
        {"act_fn": "silu", "attention_head_dim": null, "block_out_channels": [128, 256, 256, 256], "downsample_padding": 0,
         "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
         "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
         "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "out_channels": 3, "layers_per_block": 2,
         "norm_eps": 1e-06, "norm_num_groups": 32, "sample_size": 32, "time_embedding_type": "positional"}
        """

    func run() throws {
        Matrix.useOneThreadPerCall()
        let model = try UNet2DModel(UNet2DConfiguration(json: Data(Self.cifar10.utf8)))
        let trained = TrainedModel(initializing: model, seed: 0)
        let gradients = step == .scoring ? Weights(trained.weights.parameters) : nil
        let executor = Executor(
            graph: model.graph, weights: trained.weights, gradients: gradients, batch: batch, parallel: Parallel(threads: threads))
        let prediction = NoisePrediction(executor, alphasCumprod: (0..<1000).map { 1 - Float($0) / 1001 })
        var generator = TorchGenerator(seed: 1)
        let pictures = generator.randn(batch * executor.sampleShape.count)
        let noise = generator.randn(pictures.count)

        var best = Double.infinity
        for repetition in 0..<(warmups + repeats) {
            let start = DispatchTime.now().uptimeNanoseconds
            _ = prediction.loss(pictures: pictures, noise: noise, timesteps: [Int](repeating: 500, count: batch))
            if step == .scoring { prediction.backward() }
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
            if repetition >= warmups { best = min(best, seconds) }
        }
        // An image's multiply-accumulates count twice as operations; backward costs twice the forward.
        let operations = 2 * Double(model.graph.multiplyAccumulates) * Double(batch) * (step == .scoring ? 3 : 1)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let report: [String: Any] = [
            "step": step.rawValue, "batch": batch, "threads": threads, "seconds_per_step": best,
            "gflops": operations / best / 1e9, "peak_memory": usage.ru_maxrss * 1024, "blas": Matrix.provider,
        ]
        print(String(decoding: try JSONSerialization.data(withJSONObject: report, options: [.sortedKeys]), as: UTF8.self))
    }
}
