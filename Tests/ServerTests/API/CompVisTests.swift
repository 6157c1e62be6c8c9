import Documents
import Engine
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// Files of CompVis's code base through the API; Tests/Fixtures/make_compvis_golden.py made them.
@Suite struct CompVisTests {
    private struct Parts {
        let yaml: [UInt8]
        let weights: [UInt8]

        init(_ name: String) throws {
            let folder = try TemporaryFolder()
            let files = try archiveContents(try folder.file("a.tar.gz", Samples.bytes("compvis/\(name).tar.gz")))
            yaml = try #require(files.first { $0.path == "config.yaml" }).bytes
            weights = try #require(files.first { $0.path == "model.ckpt" }).bytes
        }
    }

    private func upload(_ world: World, _ body: Data, _ query: String = "") async throws -> JSON {
        let answer = try await world.send("POST", "/v1/checkpoints\(query)", body: body)
        try #require(answer.status == 201, "\(answer.detail)")
        return answer.json
    }

    private func warnings(_ checkpoint: JSON) -> String {
        checkpoint.at("warnings").elements.map { $0["detail"]?.text ?? "" }.joined(separator: "\n")
    }

    private func file(_ world: World, _ checkpoint: JSON, _ path: String) async throws -> World.Answer {
        let answer = try await world.get("/v1/checkpoints/\(checkpoint.at("id").text ?? "")/files/\(path)")
        try #require(answer.status == 200, "\(path): \(answer.detail)")
        return answer
    }

    private func numbers(_ name: String) throws -> [Float] {
        let reader = try SafeTensorsReader(path: Samples.fixtures.appendingPathComponent("compvis/golden.safetensors").path)
        var numbers = [Float](repeating: 0, count: try #require(reader[name]).count)
        try numbers.withUnsafeMutableBufferPointer { try reader.read(name, from: 0, into: $0) }
        return numbers
    }

    /// max |output - expected| / max |expected| of the downloaded network on the golden file's two samples.
    private func distance(_ world: World, _ checkpoint: JSON, _ name: String) async throws -> Float {
        let folder = try TemporaryFolder()
        let weights = try folder.file("w", Array(try await file(world, checkpoint, "unet/diffusion_pytorch_model.safetensors").data))
        let read = try DiffusionCheckpoint(
            config: try await file(world, checkpoint, "unet/config.json").data, weights: weights,
            scheduler: try await file(world, checkpoint, "scheduler/scheduler_config.json").data)
        let executor = Executor(graph: read.trained.model.graph, weights: read.trained.weights, batch: 2, parallel: Parallel(threads: 2))
        let (sample, prediction) = (executor.input("sample"), executor.output("out_sample"))
        PixelOrder.channelsLast(try numbers("\(name).sample"), to: sample.values, batch: 2, shape: sample.shape)
        for (image, timestep) in try numbers("\(name).timesteps").enumerated() { executor.input("timestep").values[image] = timestep }
        executor.forward()
        var output = [Float](repeating: 0, count: 2 * prediction.shape.count)
        PixelOrder.channelsFirst(prediction.values, to: &output, batch: 2, shape: prediction.shape)
        let expected = try numbers("\(name).output")
        let distances = zip(output, expected).map { abs($0 - $1) }
        return (distances.max() ?? .infinity) / (expected.map(abs).max() ?? 0)
    }

    private func form(_ parts: [(String, [UInt8])]) -> Data {
        var body = Data()
        for (name, content) in parts {
            body += Data("--XX\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"whatever\"\r\n\r\n".utf8)
            body += Data(content) + Data("\r\n".utf8)
        }
        return body + Data("--XX--\r\n".utf8)
    }

    @Test func anUnconditionalNetworkComputesWhatThatCodeComputes() async throws {
        let parts = try Parts("faces")
        try await World.with { world in
            let archived = try await upload(world, Data(Samples.bytes("compvis/faces.tar.gz")))
            #expect(try await distance(world, archived, "faces") < 1e-5)
            #expect(archived.at("architecture") == "UNet2DModel" && archived.at("is_latent") == true && archived.at("dtype") == "float16")
            #expect(warnings(archived).contains("under \"state_dict\""), "\(warnings(archived))")
            let paths = archived.at("files").elements.compactMap { $0["path"]?.text }
            #expect(
                paths == [
                    "model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
                    "vqvae/config.json", "vqvae/diffusion_pytorch_model.safetensors",
                ])
            #expect(try await file(world, archived, "model_index.json").json["_class_name"] == "LDMPipeline")

            // The same as a form.
            let formed = try await world.send(
                "POST", "/v1/checkpoints", body: form([("weights", parts.weights), ("config", parts.yaml)]),
                type: "multipart/form-data; boundary=XX")
            try #require(formed.status == 201, "\(formed.detail)")
            #expect(formed.json.at("files") == archived.at("files"))

            // A job on it is an ordinary one.
            let job = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": archived.at("id"),
                    "pruning": ["method": "magnitude", "ratio": .double(0.5), "widths": "free", "reconstruction": nil],
                ])
            try #require(job.status == 201, "\(job.detail)")
            #expect(try await world.finished(try #require(job.json["id"]?.text))["status"] == "succeeded")
        }
    }

    @Test func aClassConditionalNetworksTableIsKept() async throws {
        try await World.with { world in
            let averaged = try await upload(world, Data(Samples.bytes("compvis/class.tar.gz")))
            #expect(warnings(averaged).contains("moving averages"), "\(warnings(averaged))")
            let config = try await file(world, averaged, "class_embedder/config.json").json
            #expect(config == ["_class_name": "ClassEmbedder", "n_classes": 5, "embed_dim": 16])
            let index = try await file(world, averaged, "model_index.json").json
            #expect(index["_class_name"] == ["pipeline", "ClassConditionalLDMPipeline"])
            #expect(index["class_embedder"] == ["class_embedder", "ClassEmbedder"] && index["vqvae"] == ["diffusers", "VQModel"])
            let own = try await upload(world, Data(Samples.bytes("compvis/class.tar.gz")), "?variant=non_ema")
            #expect(!warnings(own).contains("moving averages"))
            let path = "unet/diffusion_pytorch_model.safetensors"
            #expect(try await file(world, own, path).data != file(world, averaged, path).data)
            let wrong = try await world.send(
                "POST", "/v1/checkpoints?variant=fp16", body: Data(Samples.bytes("compvis/class.tar.gz")))
            #expect(wrong.status == 422 && wrong.detail.contains("non_ema"), "\(wrong.detail)")
        }
    }

    @Test func aFileByItselfIsToldByItsTensorsOrAskedFor() async throws {
        let parts = try Parts("faces")
        try await World.with { world in
            // Its widths are nobody's.
            let answer = try await world.send("POST", "/v1/checkpoints", body: Data(parts.weights))
            #expect(answer.status == 422 && answer.code == "invalid_checkpoint", "\(answer.detail)")
            #expect(answer.detail.contains("model.ckpt") && answer.detail.contains("num_head_channels"), "\(answer.detail)")
        }
    }

    @Test func theirNamesBesideAnotherConfigurationAreToldWhoseTheyAre() async throws {
        let parts = try Parts("faces")
        try await World.with { world in
            let config = ("config.json", try Samples.config([:]))
            let whole = try await world.send("POST", "/v1/checkpoints", body: Samples.archive([config, ("model.ckpt", parts.weights)]))
            #expect(whole.status == 422 && whole.detail.contains("the names of CompVis's code base"), "\(whole.detail)")
            let inner = Samples.safetensors("input_blocks.0.0.weight", [2], [1, 2])
            let bare = try await world.send("POST", "/v1/checkpoints", body: Samples.archive([config, ("m.safetensors", inner)]))
            #expect(bare.status == 422 && bare.detail.contains("the names of CompVis's code base"), "\(bare.detail)")
            let yaml = ("config.yaml", parts.yaml)
            let other = try await world.send("POST", "/v1/checkpoints", body: Samples.archive([yaml, ("m.safetensors", inner)]))
            #expect(other.status == 422 && other.detail.contains("model.diffusion_model."), "\(other.detail)")
            let lone = try await world.send("POST", "/v1/checkpoints", body: Samples.archive([yaml]))
            #expect(lone.status == 422 && lone.detail.contains("config.yaml"), "\(lone.detail)")
            let alone = try await world.send("POST", "/v1/checkpoints", body: Data(inner))
            #expect(alone.status == 422 && alone.detail.contains("a configuration beside this safetensors file"), "\(alone.detail)")
        }
    }
}
