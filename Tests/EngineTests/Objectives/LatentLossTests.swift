import Engine
import Foundation
import Testing

/// Reconstruction's other ways of measuring, on an autoencoder.
@Suite struct LatentLossTests {
    private let trained: TrainedModel
    private let numbers: [Float]
    private let shape: Shape

    init() throws {
        let path = Golden.fixtures.appending(path: "autoencoder/kl/weights.safetensors").path
        trained = try DiffusionCheckpoint(config: Golden.data("autoencoder/kl/config.json"), weights: path, scheduler: nil).trained
        shape = trained.model.sampleShape
        var generator = TorchGenerator(seed: 4)
        numbers = generator.uniform(3 * shape.count, from: -1, to: 1)
    }

    private func objective(_ loss: ReconstructionLoss) -> Reconstruction { Reconstruction(PictureSet.of(numbers, shape), loss) }

    private func executor(_ objective: Reconstruction, _ gradients: Weights? = nil, batch: Int) -> Executor {
        Executor(
            graph: objective.graph(of: trained.model), weights: trained.weights, gradients: gradients, batch: batch,
            parallel: Parallel(threads: 2))
    }

    /// The loss in double precision of what the network gives.
    private func expected(_ loss: ReconstructionLoss) -> Double {
        let executor = executor(objective(ReconstructionLoss(divergence: 1)), batch: 3)
        let (input, output, moments) = (executor.input("sample"), executor.output("reconstruction"), executor.output("moments"))
        PixelOrder.channelsLast(numbers, to: input.values, batch: 3, shape: shape)
        let pictures = (0..<numbers.count).map { input.values[$0] }
        executor.forward()
        let errors = pictures.indices.map { Double(output.values[$0]) - Double(pictures[$0]) }
        let error = errors.reduce(0) { $0 + (loss.error == .mse ? $1 * $1 : abs($1)) } / Double(errors.count)
        let channels = moments.shape.channels / 2
        var divergence = 0.0
        for pixel in 0..<(3 * moments.shape.pixels) {
            for channel in 0..<channels {
                let mean = Double(moments.values[pixel * 2 * channels + channel])
                let logarithm = Double(moments.values[pixel * 2 * channels + channels + channel])
                divergence += 0.5 * (mean * mean + exp(logarithm) - 1 - logarithm)
            }
        }
        return error + loss.divergence * divergence / 3
    }

    static let losses = [
        ReconstructionLoss(), ReconstructionLoss(error: .l1), ReconstructionLoss(divergence: 0.02),
        ReconstructionLoss(error: .l1, divergence: 0.5),
    ]

    /// Along some directions of the weights; whole batches and one picture at a time.
    @Test(arguments: losses, [3, 1]) func lossesAndSlopesAreThoseOfTheirDefinition(loss: ReconstructionLoss, batch: Int) throws {
        let objective = objective(loss)
        let gradients = Weights(trained.weights.parameters)
        let running = ObjectiveExecutor(objective, in: executor(objective, gradients, batch: batch), samples: 3)
        var generator = TorchGenerator(seed: 1)
        let found = running.lossAndBackward(try objective.heldOut(3, from: &generator))
        let wanted = expected(loss)
        #expect(abs(found / wanted - 1) < 1e-5)
        for name in ["encoder.conv_out.weight", "quant_conv.bias", "quant_conv.weight", "decoder.conv_out.weight"] {
            let index = try #require(trained.weights.index(of: name))
            let (values, slopes) = (trained.weights.torchOrder(index), gradients.torchOrder(index))
            let length = slopes.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            // Up the slope the loss grows by the slope's length.
            let step = 2e-3
            func moved(_ sign: Float) -> Double {
                trained.weights.setTorchOrder(index, zip(values, slopes).map { $0 + sign * Float(step / length) * $1 })
                return expected(loss)
            }
            let slope = (moved(1) - moved(-1)) / (2 * step)
            trained.weights.setTorchOrder(index, values)
            #expect(abs(slope / length - 1) < 2e-2, "\(name)")
        }
    }
}
