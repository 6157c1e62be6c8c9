import Engine
import Foundation
import Testing

@Suite struct AutoencoderTests {
    private func tensors(_ name: String) throws -> [String: Golden.Tensor] {
        try Golden.tensors("autoencoder/\(name)/weights.safetensors")
    }

    /// Bytes in the order in which a writer's sink got them.
    private final class Collected {
        private(set) var bytes = Data()
        func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
    }

    /// Loads from a file of these tensors, which is gone afterwards.
    private func load(
        _ name: String, _ tensors: [String: Golden.Tensor], halves: Set<AutoencoderHalf> = [.encoder, .decoder],
        type: ScalarType = .float32
    ) throws -> Autoencoder {
        let sorted = tensors.sorted { $0.key < $1.key }
        let collected = Collected()
        try SafeTensorsWriter(sorted.map { .init(name: $0.key, shape: $0.value.shape) }, type: type).write(to: collected.append) {
            index, put in
            try sorted[index].value.values.withUnsafeBufferPointer { try put($0) }
        }
        let url = FileManager.default.temporaryDirectory.appending(path: "autoencoder-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try collected.bytes.write(to: url)
        return try Autoencoder(
            config: Golden.data("autoencoder/\(name)/config.json"), weights: SafeTensorsReader(path: url.path), halves: halves)
    }

    private func values(_ autoencoder: Autoencoder) -> [String: [Float]] {
        let all = [autoencoder.encoder, autoencoder.decoder].compactMap { $0 }
        return Dictionary(
            uniqueKeysWithValues: all.flatMap { weights in
                weights.parameters.indices.map { (weights.parameters[$0].name, weights.torchOrder($0)) }
            })
    }

    @Test(arguments: AutoencoderModelTests.names)
    func everyTensorIsReadByItsName(name: String) throws {
        let tensors = try tensors(name)
        let autoencoder = try load(name, tensors)
        #expect(values(autoencoder) == tensors.mapValues(\.values))
        #expect(autoencoder.warnings.isEmpty)
    }

    /// As checkpoints of diffusers before 0.15 have them, and those of its first releases as convolutions.
    @Test(arguments: ["kl", "movq"]) func formerNamesOfAttentionAreRead(name: String) throws {
        let tensors = try tensors(name)
        let former = [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]
        var old: [String: Golden.Tensor] = [:]
        for (name, tensor) in tensors {
            guard let (today, then) = former.first(where: { name.contains(".\($0.0).") }) else {
                old[name] = tensor
                continue
            }
            let shape = tensor.shape.count == 2 ? tensor.shape + [1, 1] : tensor.shape
            old[name.replacingOccurrences(of: today, with: then)] = Golden.Tensor(shape: shape, values: tensor.values)
        }
        #expect(old.keys.contains("encoder.mid_block.attentions.0.proj_attn.weight"))
        #expect(values(try load(name, old)) == tensors.mapValues(\.values))
    }

    @Test func aDecoderAloneDecodes() throws {
        let alone = try tensors("kl").filter { !$0.key.hasPrefix("encoder.") && !$0.key.hasPrefix("quant_conv.") }
        let autoencoder = try load("kl", alone)
        #expect(autoencoder.encoder == nil && values(autoencoder) == alone.mapValues(\.values))
        #expect(throws: AutoencoderError.noEncoder) {
            try LatentEncoder(autoencoder, height: 8, width: 8, samples: 1, memory: .max, parallel: Parallel(threads: 1))
        }
    }

    @Test func whatIsNotAskedForIsNotKept() throws {
        let autoencoder = try load("kl", tensors("kl"), halves: [.encoder])
        #expect(autoencoder.encoder != nil && autoencoder.decoder == nil)
        #expect(throws: AutoencoderError.noDecoder) {
            try LatentDecoder(autoencoder, height: 8, width: 8, samples: 1, memory: .max, parallel: Parallel(threads: 1))
        }
    }

    @Test func missingExtraAndWronglyShapedTensorsAreNamed() throws {
        let tensors = try tensors("kl")
        #expect(throws: CheckpointError.tensors([.missingTensor("encoder.conv_in.bias")], more: 0)) {
            try load("kl", tensors.filter { $0.key != "encoder.conv_in.bias" })
        }
        #expect(throws: CheckpointError.tensors([.unexpectedTensor("loss.logvar")], more: 0)) {
            try load("kl", tensors.merging(["loss.logvar": Golden.Tensor(shape: [1], values: [0])]) { $1 })
        }
        var wrong = tensors
        wrong["quant_conv.bias"] = Golden.Tensor(shape: [4], values: [0, 0, 0, 0])
        #expect(throws: CheckpointError.tensors([.tensorShape(name: "quant_conv.bias", expected: [8], found: [4])], more: 0)) {
            try load("kl", wrong)
        }
    }

    @Test func numbersThatAreNotFiniteAreWarnedOf() throws {
        var tensors = try tensors("vq")
        tensors["post_quant_conv.bias"] = Golden.Tensor(shape: [3], values: [0, .nan, 0])
        #expect(
            try load("vq", tensors).warnings == [
                Warning(.weightsNotFinite, "vae: tensor post_quant_conv.bias holds numbers that are not finite")
            ])
    }

    @Test func numbersOfSixteenBitsAreReadAsFloat32() throws {
        let tensors = try tensors("kl")
        let halves = try load("kl", tensors, type: .float16)
        #expect(values(halves) == tensors.mapValues { $0.values.map { Float(Float16($0)) } })
    }

    @Test func aConfigurationIsBlamedByItsFile() throws {
        let weights = try SafeTensorsReader(path: Golden.fixtures.appending(path: "autoencoder/vq/weights.safetensors").path)
        #expect(
            throws: CheckpointError.configuration(
                path: "vqvae/config.json",
                .missing(key: "_class_name", expected: "\"AutoencoderKL\" or \"AsymmetricAutoencoderKL\" or \"VQModel\""))
        ) {
            try Autoencoder(config: Data("{}".utf8), weights: weights, folder: "vqvae")
        }
    }
}
