import Documents
import Engine
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// The kinds of files people have, through the API: whatever came in, safetensors under today's names comes out.
@Suite struct UploadKindTests {
    private static let path = "unet/diffusion_pytorch_model.safetensors"

    /// Runs a body with the weights that a checkpoint is downloaded with.
    private func weights(_ world: World, _ id: String) async throws -> [UInt8] {
        let answer = try await world.get("/v1/checkpoints/\(id)/files/\(Self.path)")
        try #require(answer.status == 200)
        return Array(answer.data)
    }

    /// Tensors of a safetensors file: their bytes by name, with dtype and shape.
    private func tensors(_ file: [UInt8]) throws -> [String: String] {
        let folder = try TemporaryFolder()
        let reader = try SafeTensorsReader(path: folder.file("w", file))
        return Dictionary(
            uniqueKeysWithValues: try reader.tensors.map { tensor in
                var numbers = [Float](repeating: 0, count: tensor.count)
                try numbers.withUnsafeMutableBufferPointer { try reader.read(tensor.name, from: 0, into: $0) }
                return (tensor.name, "\(tensor.type.torchName) \(tensor.shape) \(numbers)")
            })
    }

    private func form(_ parts: [(String, [UInt8])]) -> Data {
        var body = Data()
        for (name, content) in parts {
            body += Data("--XX\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"whatever\"\r\n\r\n".utf8)
            body += Data(content) + Data("\r\n".utf8)
        }
        return body + Data("--XX--\r\n".utf8)
    }

    private func upload(_ world: World, _ files: [(String, [UInt8])], query: String = "") async throws -> JSON {
        let answer = try await world.send("POST", "/v1/checkpoints\(query)", body: Samples.archive(files))
        try #require(answer.status == 201, "\(answer.detail)")
        return answer.json
    }

    private func upload(_ world: World, form parts: [(String, [UInt8])]) async throws -> JSON {
        let answer = try await world.send("POST", "/v1/checkpoints", body: form(parts), type: "multipart/form-data; boundary=XX")
        try #require(answer.status == 201, "\(answer.detail)")
        return answer.json
    }

    /// But for what is said of all these files, which come without a noise schedule.
    private func warnings(_ checkpoint: JSON) -> [String] {
        checkpoint.at("warnings").elements.filter { $0["code"] != "assumed_schedule" }.compactMap { $0["detail"]?.text }
    }

    @Test func aNoiseScheduleThatIsAssumedIsSaid() async throws {
        try await World.with { world in
            let plain = try Samples.unet()
            let schedule = ("scheduler_config.json", Array(#"{"_class_name": "DDIMScheduler"}"#.utf8))
            for (files, isSaid) in [(plain, true), (plain + [schedule], false)] {
                let said = try await upload(world, files).at("warnings").compact
                #expect(said.contains("linear betas from 0.0001 to 0.02 over 1000 timesteps") == isSaid, "\(said)")
            }
        }
    }

    /// A tiny U-Net's weights cut in two, with the index.
    private func shards(_ name: String, variant: String = "") throws -> [(String, [UInt8])] {
        let source = Samples.fixtures.appendingPathComponent("unet/\(name)/weights.safetensors").path
        let reader = try SafeTensorsReader(path: source)
        var files: [(String, [UInt8])] = []
        var map: [JSON.Member] = []
        for half in 0..<2 {
            let entries = reader.tensors.enumerated().filter { $0.offset % 2 == half }.map(\.element)
            let file = "diffusion_pytorch_model\(variant)-0000\(half + 1)-of-00002.safetensors"
            let collected = Collected()
            try SafeTensorsWriter(entries.map { .init(name: $0.name, shape: $0.shape) }, type: .float32).write(to: collected.append) {
                index, put in
                var numbers = [Float](repeating: 0, count: entries[index].count)
                try numbers.withUnsafeMutableBufferPointer { try reader.read(entries[index].name, from: 0, into: $0) }
                try numbers.withUnsafeBufferPointer { try put($0) }
            }
            files.append((file, collected.bytes))
            map += entries.map { .init($0.name, .string(file)) }
        }
        let index = JSON.object([.init("metadata", [:]), .init("weight_map", .object(map))])
        return files + [("diffusion_pytorch_model.safetensors.index\(variant).json", Array(index.compact.utf8))]
    }

    private final class Collected {
        private(set) var bytes: [UInt8] = []
        func append(_ more: UnsafeRawBufferPointer) { bytes += more }
    }

    @Test func aPlainSafetensorsFileIsKeptByteForByte() async throws {
        try await World.with { world in
            let id = try #require(try await upload(world, Samples.unet("oblong")).at("id").text)
            #expect(try await weights(world, id) == Samples.bytes("unet/oblong/weights.safetensors"))
        }
    }

    @Test func PyTorchFilesComeOutAsSafetensors() async throws {
        let expected = try tensors(Samples.bytes("unet/oblong/weights.safetensors"))
        let config = try Samples.bytes("unet/oblong/config.json"), pickle = try Samples.bytes("torch/plain.bin")
        try await World.with { world in
            for name in ["diffusion_pytorch_model.bin", "model.pt", "last.ckpt", "diffusion_pytorch_model.safetensors"] {
                for folder in ["", "unet/"] {
                    let checkpoint = try await upload(world, [("\(folder)config.json", config), ("\(folder)\(name)", pickle)])
                    let id = try #require(checkpoint.at("id").text)
                    #expect(try tensors(try await weights(world, id)) == expected, "\(folder)\(name)")
                    #expect(warnings(checkpoint) == [])
                    #expect(checkpoint.at("dtype") == "float32")
                    #expect(checkpoint.at("files").elements.contains { $0["path"] == .string(Self.path) })
                }
            }
            let checkpoint = try await upload(world, form: [("weights", pickle), ("config", config), ("name", Array("p".utf8))])
            #expect(try tensors(try await weights(world, try #require(checkpoint.at("id").text))) == expected)
        }
    }

    @Test func shardsComeOutAsOneFile() async throws {
        let expected = try tensors(Samples.bytes("unet/oblong/weights.safetensors"))
        let config = ("config.json", try Samples.bytes("unet/oblong/config.json"))
        let shards = try shards("oblong")
        try await World.with { world in
            let checkpoint = try await upload(world, [config] + shards)
            #expect(try tensors(try await weights(world, try #require(checkpoint.at("id").text))) == expected)
            for missing in 0..<3 {
                var files = shards
                files.remove(at: missing)
                let answer = try await world.send("POST", "/v1/checkpoints", body: Samples.archive([config] + files))
                #expect(answer.status == 422 && answer.code == "invalid_checkpoint")
                #expect(
                    answer.detail.contains(missing == 2 ? "index" : "diffusion_pytorch_model-0000\(missing + 1)-of-00002"),
                    "\(answer.detail)")
            }
        }
    }

    @Test func variantsAreTakenByRuleOrByName() async throws {
        let config = ("unet/config.json", try Samples.bytes("unet/oblong/config.json"))
        let good = try Samples.bytes("unet/oblong/weights.safetensors")
        let other = try Samples.bytes("unet/learned/weights.safetensors")
        try await World.with { world in
            let files = [
                config, ("unet/diffusion_pytorch_model.fp16.safetensors", good),
                ("unet/diffusion_pytorch_model.non_ema.safetensors", other),
            ]
            let checkpoint = try await upload(world, files)
            #expect(warnings(checkpoint).contains { $0.contains("variant \"fp16\"") && $0.contains("non_ema") })
            #expect(try await weights(world, try #require(checkpoint.at("id").text)) == good)
            #expect(warnings(try await upload(world, files, query: "?variant=fp16")) == [])
            let wrong = try await world.send("POST", "/v1/checkpoints?variant=bf16", body: Samples.archive(files))
            #expect(wrong.status == 422 && wrong.detail.contains("bf16") && wrong.detail.contains("\"fp16\", \"non_ema\""))
            // The other variant is another model's.
            #expect(try await world.send("POST", "/v1/checkpoints?variant=non_ema", body: Samples.archive(files)).status == 422)
            let sharded = try shards("oblong", variant: ".fp16").map { ("unet/\($0.0)", $0.1) }
            _ = try await upload(world, [config] + sharded + [("unet/diffusion_pytorch_model.safetensors", other)], query: "?variant=fp16")
        }
    }

    @Test func formerAttentionNamesAreRewritten() async throws {
        let former = [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]
        let renamed = try Samples.weights { header in
            guard case .object(let members) = header else { return header }
            return .object(
                members.map { member in
                    JSON.Member(
                        former.reduce(member.name) { $0.replacingOccurrences(of: ".\($1.0).", with: ".\($1.1).") }, member.value)
                })
        }
        try await World.with { world in
            let checkpoint = try await upload(world, [("config.json", Samples.config([:])), ("w.safetensors", renamed)])
            let found = try tensors(try await weights(world, try #require(checkpoint.at("id").text)))
            #expect(found == (try tensors(Samples.bytes("unet/ddpm/weights.safetensors"))))
        }
    }

    /// The published form: a flat state dict beside the YAML, in an archive and as a form.
    @Test func aCheckpointOfTheDDIMCodeComputesWhatThatCodeComputes() async throws {
        let golden = Samples.fixtures.appendingPathComponent("ddim/yaml_golden.safetensors")
        let folder = try TemporaryFolder()
        let unpacked = try archiveContents(try folder.file("a.tar.gz", Samples.bytes("ddim/model.tar.gz")))
        let yaml = try #require(unpacked.first { $0.path == "config.yml" }).bytes
        let pickle = try #require(unpacked.first { $0.path == "model-790000.ckpt" }).bytes
        try await World.with { world in
            let archived = try await world.send("POST", "/v1/checkpoints", body: Data(Samples.bytes("ddim/model.tar.gz")))
            try #require(archived.status == 201, "\(archived.detail)")
            let formed = try await upload(world, form: [("config", yaml), ("weights", pickle)])
            #expect(warnings(archived.json) == [])
            #expect(archived.json.at("sample_shape") == [3, 4, 4])
            var files: [[UInt8]] = []
            for checkpoint in [archived.json, formed] {
                let id = try #require(checkpoint.at("id").text)
                let config = try await world.get("/v1/checkpoints/\(id)/files/unet/config.json")
                let scheduler = try await world.get("/v1/checkpoints/\(id)/files/scheduler/scheduler_config.json")
                #expect(config.json["norm_num_groups"] == 32 && config.json["_class_name"] == "UNet2DModel")
                #expect(scheduler.json["variance_type"] == "fixed_large" && scheduler.json["_class_name"] == "DDPMScheduler")
                let file = try await weights(world, id)
                files.append(file)
                let read = try DiffusionCheckpoint(config: config.data, weights: folder.file(id, file), scheduler: scheduler.data)
                #expect(try distance(read.trained, golden) < 1e-5)
            }
            #expect(files[0] == files[1])
        }
    }

    /// max |output - expected| / max |expected| on a golden file's two samples.
    private func distance(_ trained: TrainedModel, _ golden: URL) throws -> Float {
        let reader = try SafeTensorsReader(path: golden.path)
        func read(_ name: String) throws -> [Float] {
            var numbers = [Float](repeating: 0, count: try #require(reader[name]).count)
            try numbers.withUnsafeMutableBufferPointer { try reader.read(name, from: 0, into: $0) }
            return numbers
        }
        let executor = Executor(graph: trained.model.graph, weights: trained.weights, batch: 2, parallel: Parallel(threads: 2))
        let (sample, prediction) = (executor.input("sample"), executor.output("out_sample"))
        PixelOrder.channelsLast(try read("sample"), to: sample.values, batch: 2, shape: sample.shape)
        for (image, timestep) in try read("timesteps").enumerated() { executor.input("timestep").values[image] = timestep }
        executor.forward()
        var output = [Float](repeating: 0, count: 2 * prediction.shape.count)
        PixelOrder.channelsFirst(prediction.values, to: &output, batch: 2, shape: prediction.shape)
        let expected = try read("output")
        return (zip(output, expected).map { abs($0 - $1) }.max() ?? .infinity) / (expected.map(abs).max() ?? 0)
    }

    @Test(arguments: [
        ("a: &a [1]\nmodel: *a", "anchors"), ("model: [*x]", "anchors"), (String(repeating: "[", count: 1000), "nested"),
        ("- - - - - - - - 1", "nested"), (String(repeating: "-  ", count: 20_000) + "1", "nested"), ("-\t? a", "nested"),
        ("a: 1\u{2028}" + String(repeating: "- ", count: 900), "line breaks"), ("a: &a\u{85}  1", "line breaks"),
        ("{\"a\":&a [1], \"b\":*a}", "anchors"), ("a:\n\u{FEFF}*a", "line breaks"), ("{?*a : 1}", "anchors"), ("? ? ? a", "nested"),
        (String(repeating: "a: ", count: 3), "YAML"),
        ("model: 1", "model is missing"),
        ("model: {ch: 32", "YAML"), ("just text", "model is missing"), ("", "model is missing"),
        (String(repeating: "#", count: 70_000), "at most"),
        ("\u{0}", "UTF-8"), ("a: 1\na: 2\nmodel: {}", "YAML"),
        ((0..<70).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"), "nested"),
    ])
    func hostileYAMLIsRefused(text: String, names: String) async throws {
        try await World.with { world in
            let body = try Samples.archive([("config.yml", Array(text.utf8)), ("w.safetensors", [1])])
            let answer = try await world.send("POST", "/v1/checkpoints", body: body)
            #expect(answer.status == 422 && answer.code == "invalid_checkpoint", "\(answer.status) \(answer.detail)")
            #expect(answer.detail.contains(names), "\(answer.detail)")
            #expect(try world.filesLeft() == [])
        }
    }
}
