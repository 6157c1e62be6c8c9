import Engine
import Foundation
import Testing

/// Pictures to latents and back, against diffusers (make_autoencoder_golden.py) and within limits of memory.
@Suite struct LatentCodingTests {
    private static let parallel = Parallel(threads: 2)

    private func encoder(
        _ autoencoder: Autoencoder, _ height: Int, _ width: Int, samples: Int = 2, memory: Int = .max
    ) throws -> LatentEncoder {
        try LatentEncoder(autoencoder, height: height, width: width, samples: samples, memory: memory, parallel: Self.parallel)
    }

    private func decoder(
        _ autoencoder: Autoencoder, _ height: Int, _ width: Int, samples: Int = 2, memory: Int = .max
    ) throws -> LatentDecoder {
        try LatentDecoder(autoencoder, height: height, width: width, samples: samples, memory: memory, parallel: Self.parallel)
    }

    @Test(arguments: AutoencoderModelTests.names)
    func latentsAreScaledMeansAndPicturesComeOfThem(name: String) throws {
        let autoencoder = try Golden.autoencoder(name)
        let golden = try Golden.tensors("autoencoder/\(name)/golden.safetensors")
        let sample = try #require(golden["sample"]), moments = try #require(golden["moments"])
        let latents = try #require(golden["latents"]), decoded = try #require(golden["decoded"])
        let (height, width) = (sample.shape[2], sample.shape[3])
        let scaling = autoencoder.configuration.scaling
        let (shift, factor) = (scaling.shifts[0], scaling.factors[0])

        let coder = try encoder(autoencoder, height, width)
        let shape = coder.plan.latentShape
        #expect([2, shape.channels, shape.height, shape.width] == latents.shape)
        let means = stride(from: 0, to: moments.values.count, by: moments.values.count / 2).flatMap {
            moments.values[$0..<($0 + shape.count)]
        }
        #expect(try relativeError(coder.encode(sample.values), means.map { ($0 - shift) * factor }) < 1e-5)

        let scaled = latents.values.map { ($0 - shift) * factor }
        #expect(try relativeError(decoder(autoencoder, height, width).decode(scaled), decoded.values) < 1e-5)
    }

    @Test func partsOfABatchGiveWhatTheWholeGives() throws {
        let autoencoder = try Golden.autoencoder("kl")
        var generator = TorchGenerator(seed: 1)
        let pictures = generator.uniform(7 * 3 * 16 * 24, from: -1, to: 1)
        let one = try encoder(autoencoder, 16, 24, samples: 1).plan.bytes
        let whole = try encoder(autoencoder, 16, 24, samples: 7)
        // Memory between that of one picture and that of all.
        let memory = (one + whole.plan.bytes) / 2
        let parts = try encoder(autoencoder, 16, 24, samples: 7, memory: memory)
        #expect(whole.plan.batch.parts == 1 && parts.plan.batch.parts > 1 && parts.plan.tile == nil)
        #expect(parts.plan.bytes <= memory)
        let latents = try whole.encode(pictures)
        #expect(try relativeError(parts.encode(pictures), latents) < 1e-5)
        // As few as there are, with the same memory.
        #expect(try relativeError(whole.encode(Array(pictures[..<(3 * 16 * 24)])), Array(latents[..<(latents.count / 7)])) < 1e-5)
        #expect(try whole.encode([]).isEmpty)

        let atOnce = try decoder(autoencoder, 16, 24, samples: 7)
        let least = try decoder(autoencoder, 16, 24, samples: 1).plan.bytes
        let inParts = try decoder(autoencoder, 16, 24, samples: 7, memory: (least + atOnce.plan.bytes) / 2)
        #expect(inParts.plan.batch.parts > 1)
        #expect(try relativeError(inParts.decode(latents), atOnce.decode(latents)) < 1e-5)
    }

    private func plan(_ autoencoder: Autoencoder, _ half: AutoencoderHalf, tile: Int?) throws -> AutoencoderPlan {
        try AutoencoderPlan(
            autoencoder.configuration, half, height: 56, width: 40, tile: tile, samples: 2, memory: .max, parallel: Self.parallel)
    }

    @Test func tilesAreBlendedAsDiffusersBlendsThem() throws {
        let autoencoder = try Golden.autoencoder("kl")
        let golden = try Golden.tensors("autoencoder/kl/golden.safetensors")
        let sample = try #require(golden["large_sample"]), moments = try #require(golden["large_moments"])
        let latents = try #require(golden["large_latents"]), decoded = try #require(golden["large_decoded"])

        let encoded = try LatentEncoder(autoencoder, plan(autoencoder, .encoder, tile: 16)).encode(sample.values + sample.values)
        let expected = moments.values[..<(moments.values.count / 2)].map { $0 * 0.5 }
        #expect(relativeError(Array(encoded[..<expected.count]), expected) < 1e-5)
        #expect(relativeError(Array(encoded[expected.count...]), expected) < 1e-5)

        let pictures = try LatentDecoder(autoencoder, plan(autoencoder, .decoder, tile: 16)).decode(latents.values.map { $0 * 0.5 })
        #expect(relativeError(pictures, decoded.values) < 1e-5)
    }

    @Test(arguments: ["kl", "movq"]) func aTileAsLargeAsTheWholeIsTheWhole(name: String) throws {
        let autoencoder = try Golden.autoencoder(name)
        var generator = TorchGenerator(seed: 3)
        let latents = generator.randn(4 * 28 * 20).prefix(28 * 20 * autoencoder.configuration.latentChannels)
        let whole = try LatentDecoder(autoencoder, plan(autoencoder, .decoder, tile: nil)).decode(Array(latents))
        // From 40 × ¾ = 30 on no second tile begins.
        let tiled = try LatentDecoder(autoencoder, plan(autoencoder, .decoder, tile: 40)).decode(Array(latents))
        #expect(relativeError(tiled, whole) < 1e-5)
    }

    @Test func whatDoesNotFitWholeGoesInTiles() throws {
        let autoencoder = try Golden.autoencoder("kl")
        let whole = try decoder(autoencoder, 128, 96, samples: 1)
        #expect(whole.plan.tile == nil)
        let tiled = try decoder(autoencoder, 128, 96, samples: 1, memory: whole.plan.bytes * 2 / 3)
        #expect(tiled.plan.tile == 32 && tiled.plan.bytes <= whole.plan.bytes * 2 / 3)
        let small = try decoder(autoencoder, 128, 96, samples: 1, memory: 1)
        #expect(small.plan.tile == 8 && small.plan.bytes > 1)
        var done: [Double] = []
        var generator = TorchGenerator(seed: 2)
        let pictures = tiled.decode(generator.randn(4 * 64 * 48)) { done.append($0) }
        #expect(pictures.count == 3 * 128 * 96 && pictures.allSatisfy(\.isFinite))
        #expect(done.count > 1 && done == done.sorted() && done.last == 1)
    }

    @Test func aRunEndsWithWhatProgressThrows() throws {
        struct Stop: Error {}
        let coder = try encoder(try Golden.autoencoder("kl"), 8, 8)
        #expect(throws: Stop.self) { try coder.encode([Float](repeating: 0, count: 2 * 3 * 64)) { _ in throw Stop() } }
    }
}
