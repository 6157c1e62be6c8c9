import Documents
import Engine
import Foundation
import Testing

/// Against diffusers' own output and gradients; the golden files are made by Tests/Fixtures/make_unet_golden.py.
@Suite struct UNet2DModelTests {
    static let names = ["ddpm", "ldm", "scale_shift", "learned", "oblong", "classes", "class_times", "class_vectors", "skips"]

    @Test(arguments: names, [1, 2])
    func outputAndGradientsAgreeWithDiffusers(name: String, threads: Int) throws {
        let (model, weights) = try Golden.unet(name)
        try Golden.expectAgreement(model.graph, weights, with: "unet/\(name)/golden.safetensors", threads: threads)
    }

    @Test(arguments: names)
    func runningWithoutBackwardGivesTheSameOutputInLessMemory(name: String) throws {
        let (model, weights) = try Golden.unet(name)
        let parallel = Parallel(threads: 2)
        let training = Executor(graph: model.graph, weights: weights, gradients: Weights(weights.parameters), batch: 3, parallel: parallel)
        let inference = Executor(graph: model.graph, weights: weights, batch: 3, parallel: parallel)
        let count = 3 * training.sampleShape.count
        for executor in [training, inference] {
            for i in 0..<count { executor.sample[i] = Float((i * 7919) % 1000) / 500 - 1 }
            for image in 0..<3 { executor.timesteps[image] = Float(image * 7 + 1) }
            if model.graph.input("class_labels") != nil {
                let labels = executor.input("class_labels")
                for i in 0..<(3 * labels.shape.count) { labels.values[i] = Float(i % 2) }
            }
            executor.forward()
            executor.forward()
        }
        let results = [training, inference].map { Array(UnsafeBufferPointer(start: $0.output, count: 3 * $0.outputShape.count)) }
        #expect(results[0] == results[1])
        #expect(inference.activationBytes < training.activationBytes)
        #expect(training.activationBytes == model.graph.activationBytes(batch: 3, isTraining: true, parallel: parallel))
    }

    /// As `down_blocks`, `mid_block` and `up_blocks` return it.
    @Test func blocksEndWithTheirSamplersOrTheirLastLayers() throws {
        let names = [
            "ddpm": [
                "down_blocks.0.downsamplers.0.conv", "down_blocks.1.downsamplers.0.conv", "down_blocks.2.resnets.1", "mid_block.resnets.1",
                "up_blocks.0.upsamplers.0.conv", "up_blocks.1.upsamplers.0.conv", "up_blocks.2.resnets.2",
            ],
            "ldm": [
                "down_blocks.0.downsamplers.0.conv", "down_blocks.1.attentions.1", "mid_block.resnets.1", "up_blocks.0.upsamplers.0.conv",
                "up_blocks.1.resnets.2",
            ],
        ]
        for (name, expected) in names {
            let (model, _) = try Golden.unet(name)
            #expect(model.blockOutputs == expected)
            #expect(model.graphShowingBlocks.outputs.map(\.name) == ["out_sample"] + expected)
            #expect(model.graph.outputs.map(\.name) == ["out_sample"])
        }
    }

    @Test func noiseIsPredictedByWhatGivesAsManyChannelsAsItTakes() throws {
        let (model, _) = try Golden.unet("ddpm")
        #expect(model.objectives == [.noisePrediction])
        #expect(model.graph.input("timestep") == .vector(1) && model.graph.output("out_sample") == model.sampleShape)
        let config = try JSON(parsing: model.config).replacing(["out_channels": .integer(5)])
        let other = try UNet2DModel(json: Data(config.compact.utf8), shapes: [:])
        #expect(other.objectives.isEmpty && other.objectiveNote?.contains("(5)") == true)
        let variances = try JSON(parsing: model.config).replacing(["out_channels": .integer(6)])
        #expect(try UNet2DModel(json: Data(variances.compact.utf8), shapes: [:]).objectives == [.noisePrediction])
    }

    @Test func classesAreToldByTheirNumbers() throws {
        #expect(try Golden.unet("ddpm").model.condition == nil)
        let known = try #require(try Golden.unet("classes").model.condition)
        #expect(known == .classNumber(known: 5) && known.emptyClass(among: 4) == 4 && known.emptyClass(among: 3) == nil)
        let any = try #require(try Golden.unet("class_times").model.condition)
        #expect(any == .classNumber(known: nil) && any.emptyClass(among: 4) == nil)
        #expect(try Golden.unet("classes").model.objectives == [.noisePrediction])
    }

    @Test(arguments: ["class_vectors", "class_times", "skips"])
    func whatIsToldMoreThanATimestepPredictsNoNoiseOfPicturesAlone(name: String) throws {
        let (model, _) = try Golden.unet(name)
        #expect(model.objectives.isEmpty && model.objectiveNote != nil)
    }

    /// Blocks whose norms are all of 32 groups, beside those of an odd number.
    @Test func skipBlocksOfFewChannelsHaveFewerGroups() throws {
        let (model, _) = try Golden.unet("skips")
        let norms = model.graph.coupling().coupling.divisions.filter(\.isNorm).map(\.parts)
        #expect(Set(norms) == [8, 16, 32])
    }
}
