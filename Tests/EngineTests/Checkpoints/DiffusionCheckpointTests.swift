import Engine
import Foundation
import Testing

@Suite struct DiffusionCheckpointTests {
    /// A tensor to be written to a file.
    private struct Tensor {
        var name: String
        var shape: [Int]
        var values: [Float]
    }

    private func tensors(_ name: String) throws -> [Tensor] {
        try Golden.tensors("unet/\(name)/weights.safetensors").sorted { $0.key < $1.key }
            .map { Tensor(name: $0, shape: $1.shape, values: $1.values) }
    }

    private func config(_ name: String) throws -> Data { try Golden.data("unet/\(name)/config.json") }

    /// Runs a body with a file that is gone afterwards.
    private func withFile<Result>(_ write: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void, _ body: (String) throws -> Result)
        throws -> Result
    {
        let url = FileManager.default.temporaryDirectory.appending(path: "checkpoint-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        var bytes = Data()
        try write { bytes.append(contentsOf: $0) }
        try bytes.write(to: url)
        return try body(url.path)
    }

    private func load(_ name: String, _ tensors: [Tensor], type: ScalarType = .float32) throws -> DiffusionCheckpoint {
        let writer = try SafeTensorsWriter(tensors.map { .init(name: $0.name, shape: $0.shape) }, type: type)
        return try withFile { sink in
            let collected = Collected()
            try writer.write(to: collected.append) { index, put in try tensors[index].values.withUnsafeBufferPointer { try put($0) } }
            try collected.bytes.withUnsafeBytes { try sink($0) }
        } _: {
            try DiffusionCheckpoint(config: config(name), weights: $0, scheduler: nil)
        }
    }

    /// Bytes in the order in which a writer's sink got them.
    private final class Collected {
        private(set) var bytes = Data()
        func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
    }

    private func values(_ checkpoint: DiffusionCheckpoint) -> [String: [Float]] {
        let weights = checkpoint.trained.weights
        return Dictionary(uniqueKeysWithValues: weights.parameters.indices.map { (weights.parameters[$0].name, weights.torchOrder($0)) })
    }

    @Test(arguments: UNet2DModelTests.names)
    func everyTensorIsReadByItsName(name: String) throws {
        let tensors = try tensors(name)
        let checkpoint = try load(name, tensors)
        #expect(values(checkpoint) == Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.values) }))
        #expect(checkpoint.formats == NumberFormats(.float32))
        #expect(checkpoint.warnings == [])
    }

    @Test func missingExtraAndWronglyShapedTensorsAreNamed() throws {
        let tensors = try tensors("ddpm")
        #expect(throws: CheckpointError.tensors([.missingTensor("conv_in.bias")], more: 0)) {
            try load("ddpm", tensors.filter { $0.name != "conv_in.bias" })
        }
        #expect(throws: CheckpointError.tensors([.unexpectedTensor("conv_in.scale")], more: 0)) {
            try load("ddpm", tensors + [Tensor(name: "conv_in.scale", shape: [2], values: [1, 2])])
        }
        var transposed = tensors
        let index = try #require(transposed.firstIndex { $0.name == "conv_in.weight" })
        transposed[index].shape = [3, 8, 3, 3]
        #expect(
            throws: CheckpointError.tensors([.tensorShape(name: "conv_in.weight", expected: [8, 3, 3, 3], found: [3, 8, 3, 3])], more: 0)
        ) {
            try load("ddpm", transposed)
        }
    }

    @Test func manyTroublesAreCounted() throws {
        let tensors = try tensors("ddpm")
        do {
            _ = try load("ddpm", Array(tensors.prefix(1)))
            Issue.record("loaded")
        } catch CheckpointError.tensors(let errors, let more) {
            #expect(errors.count == 8)
            #expect(more == tensors.count - 1 - 8)
        }
    }

    @Test func numbersThatAreNotFiniteAreAWarning() throws {
        var tensors = try tensors("ldm")
        let index = try #require(tensors.firstIndex { $0.name == "conv_out.weight" })
        tensors[index].values[3] = .nan
        let other = try #require(tensors.firstIndex { $0.name == "conv_norm_out.bias" })
        tensors[other].values[0] = .infinity
        let warnings = try load("ldm", tensors).warnings
        #expect(warnings.count == 2)
        #expect(
            warnings.contains { $0.detail.contains("conv_out.weight") } && warnings.contains { $0.detail.contains("conv_norm_out.bias") })
    }

    private static let formerNames = [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]

    @Test func formerAttentionNamesMeanTodaysParameters() throws {
        let tensors = try tensors("ddpm")
        var renamed = tensors
        for index in renamed.indices {
            for (today, former) in Self.formerNames {
                renamed[index].name = renamed[index].name.replacingOccurrences(of: ".\(today).", with: ".\(former).")
            }
            // As old as that, some checkpoints have their projections as 1×1 convolutions.
            if renamed[index].name.hasSuffix("proj_attn.weight") { renamed[index].shape += [1, 1] }
        }
        #expect(renamed.filter { $0.name.contains(".query.") }.count > 4)
        #expect(!renamed.contains { $0.name.contains(".to_") })
        #expect(values(try load("ddpm", renamed)) == values(try load("ddpm", tensors)))
    }

    @Test func aTensorUnderBothNamesIsRefused() throws {
        var tensors = try tensors("ddpm")
        var twin = try #require(tensors.first { $0.name == "mid_block.attentions.0.to_q.bias" })
        twin.name = "mid_block.attentions.0.query.bias"
        tensors.append(twin)
        #expect(throws: CheckpointError.self) { try load("ddpm", tensors) }
    }

    @Test(arguments: [ScalarType.float32, .float16, .bfloat16])
    func theNumberFormatSurvivesReadingAndWriting(type: ScalarType) throws {
        let tensors = try tensors("scale_shift")
        let first = try load("scale_shift", tensors, type: type)
        #expect(first.formats.common == type)
        for tensor in tensors {
            let expected = tensor.values.map { value in
                switch type {
                case .float16: Float(Float16(value))
                case .bfloat16:
                    Float(bitPattern: (value.bitPattern + 0x7FFF + (value.bitPattern >> 16 & 1)) & 0xFFFF_0000)
                default: value
                }
            }
            #expect(values(first)[tensor.name] == expected, "\(tensor.name)")
        }
        let collected = Collected()
        try first.writeWeights(to: collected.append)
        let second = try withFile { sink in
            try collected.bytes.withUnsafeBytes { try sink($0) }
        } _: {
            try DiffusionCheckpoint(config: config("scale_shift"), weights: $0, scheduler: nil)
        }
        #expect(second.formats.common == type)
        #expect(values(second) == values(first))
        let numbers = tensors.reduce(0) { $0 + $1.values.count }
        #expect(collected.bytes.count - numbers * type.size < 100 * tensors.count)
    }

    @Test(arguments: UNet2DModelTests.names)
    func theArchitectureAloneAgrees(name: String) throws {
        let architecture = try DiffusionCheckpoint.architecture(
            config: config(name),
            weights: SafeTensorsReader(path: Golden.fixtures.appending(path: "unet/\(name)/weights.safetensors").path), scheduler: nil)
        #expect(architecture.model.graph.parameters == (try Golden.unet(name).model.graph.parameters))
    }

    private struct Initial: Decodable {
        struct Tensor: Decodable {
            let name: String
            let shape: [Int]
            let first: [Double]
            let sum: Double
        }
        let seed: Int
        let models: [String: [Tensor]]
    }

    @Test(arguments: ["unet", "condition"])
    func freshWeightsAreThoseOfDiffusersConstructors(folder: String) throws {
        let initial = try JSONDecoder().decode(Initial.self, from: Golden.data("\(folder)/initial.json"))
        #expect(initial.models.count >= 2)
        for (name, expected) in initial.models {
            let checkpoint = try DiffusionCheckpoint(
                config: Golden.data("\(folder)/\(name)/config.json"), initializingFrom: initial.seed, scheduler: nil)
            let model = checkpoint.trained.model
            // Norms draw nothing, and may stand elsewhere.
            let (drawn, listed) = (model.constructionOrder.map(\.name), expected.map(\.name))
            #expect(drawn.filter { !$0.contains("norm") } == listed.filter { !$0.contains("norm") } && Set(drawn) == Set(listed), "\(name)")
            let values = values(checkpoint)
            for tensor in expected {
                let found = try #require(values[tensor.name]).map(Double.init)
                #expect(model.constructionOrder.first { $0.name == tensor.name }?.shape == tensor.shape)
                // Uniform numbers agree to the last bit; an embedding's are normal, whose log, sin and cos round differently.
                let isNormal = ["time_proj.weight", "class_embedding.weight"].contains(tensor.name)
                let tolerance = isNormal ? 1e-5 : 0
                for (a, b) in zip(found.prefix(4), tensor.first) { #expect(abs(a - b) <= tolerance, "\(name) \(tensor.name)") }
                #expect(tensor.first.count == min(4, found.count))
                #expect(abs(found.reduce(0, +) - tensor.sum) < 1e-5 * max(1, Double(found.count).squareRoot()), "\(name) \(tensor.name)")
            }
        }
    }

    @Test(arguments: [(ScalarType.float16, Float(2049), Float(2048)), (.bfloat16, 257, 256), (.float32, 257, 257)])
    func whatIsStoredIsWhatGoesOn(type: ScalarType, value: Float, stored: Float) throws {
        let (model, weights) = try Golden.unet("ddpm")
        let index = try #require(weights.index(of: "conv_in.bias"))
        weights.pointer(index)[0] = value
        let checkpoint = DiffusionCheckpoint(
            trained: TrainedModel(model: model, weights: weights), schedule: try NoiseSchedule(json: nil), formats: NumberFormats(.float32))
        let rounded = try checkpoint.stored(as: NumberFormats(type))
        #expect(rounded.formats == NumberFormats(type))
        #expect(rounded.trained.weights.pointer(index)[0] == stored)
        #expect(weights.pointer(index)[0] == value)

        guard type != .float32 else { return }
        weights.pointer(index)[0] = .greatestFiniteMagnitude
        #expect(throws: CheckpointError.notRepresentable(tensor: "conv_in.bias", type: type.torchName)) {
            try checkpoint.stored(as: NumberFormats(type))
        }
    }
}
