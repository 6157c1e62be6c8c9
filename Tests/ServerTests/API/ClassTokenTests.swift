import Documents
import Foundation
import Media
import ServiceSupport
import TestSupport
import Testing

/// Class-conditional latent diffusion in small: a network that is told a class by its row of a table.
@Suite struct ClassTokenTests {
    private static let module = "class_embedder/class_embedder.py"

    /// - Parameters:
    ///   - classes: rows of the table.
    ///   - width: numbers of a row; the network's tokens have 24.
    private static func pipeline(classes: Int, width: Int = 24) throws -> [(String, [UInt8])] {
        let index: JSON = [
            "_class_name": ["pipeline", "ClassConditionalLDMPipeline"], "_diffusers_version": "0.42.1",
            "class_embedder": ["class_embedder", "ClassEmbedder"], "scheduler": ["diffusers", "DDIMScheduler"],
            "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
        ]
        let scheduler: JSON = ["_class_name": "DDIMScheduler", "num_train_timesteps": 40, "clip_sample": false]
        let embedder: JSON = ["_class_name": "ClassEmbedder", "n_classes": .integer(classes), "embed_dim": .integer(width)]
        let table = (0..<(classes * width)).map { Float($0 * 7 % 23) / 12 - 1 }
        return [
            ("model_index.json", Array(index.compact.utf8)), ("scheduler/scheduler_config.json", Array(scheduler.compact.utf8)),
            ("unet/config.json", try Samples.bytes("condition/sd1/config.json")),
            ("unet/diffusion_pytorch_model.safetensors", try Samples.bytes("condition/sd1/weights.safetensors")),
            ("vae/config.json", try Samples.bytes("autoencoder/kl/config.json")),
            ("vae/diffusion_pytorch_model.safetensors", try Samples.bytes("autoencoder/kl/weights.safetensors")),
            ("class_embedder/config.json", Array(embedder.compact.utf8)), (module, Array("import os".utf8)),
            ("class_embedder/diffusion_pytorch_model.safetensors", Samples.safetensors("embedding.weight", [classes, width], table)),
        ]
    }

    /// Two pictures of 16 by 16 pixels in each of some folders, or none in any.
    private static func pictures(folders: Int) throws -> Data {
        try Samples.archive(
            (0..<max(folders * 2, folders == 0 ? 3 : 0)).map { number in
                let pixels = (0..<768).map { UInt8(truncatingIfNeeded: $0 * (number + 3) * 7) }
                let path = folders == 0 ? "\(number).png" : "class \(number / 2)/\(number).png"
                return (path, try PNGEncoder.encode(Picture(width: 16, height: 16, channels: 3, pixels: pixels)))
            })
    }

    private static func request(_ checkpoint: String, _ dataset: String, guidance: Double) -> JSON {
        [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset),
            "pruning": ["ratio": .double(0.3), "widths": "free", "batch_size": 3, "timesteps": ["stride": 10]],
            "finetuning": ["steps": 3, "batch_size": 2], "evaluation": ["steps": 2, "samples": 3, "guidance_scale": .double(guidance)],
        ]
    }

    @Test func aWholeJobThatIsToldClassesByTheirTokens() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Self.pipeline(classes: 4)))
            let described = try await world.get("/v1/checkpoints/\(checkpoint)").json
            // As many multiply-accumulates as a network that is told one token has, not a text's 77.
            let alone = try await world.upload(
                "/v1/checkpoints", Samples.archive(Self.pipeline(classes: 4).filter { !$0.0.hasPrefix("class") }))
            let told = try #require(try await world.get("/v1/checkpoints/\(alone)").json["macs"]?.integer)
            #expect(described["macs"]?.integer ?? .max < told)
            let dataset = try await world.upload("/v1/datasets", Self.pictures(folders: 3))
            func finished(_ guidance: Double) async throws -> (job: JSON, grid: Data) {
                let job = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, guidance: guidance))
                try #require(job.status == 201, "\(job.detail)")
                let id = try #require(job.json["id"]?.text)
                let ended = try await world.finished(id)
                #expect(ended["status"]?.text == "succeeded", "\(ended.compact)")
                #expect(ended["request"]?["finetuning"]?["unconditional_probability"]?.double == 0.1)
                let evaluation = try await world.get("/v1/jobs/\(id)/metrics").json["evaluation"]
                #expect(evaluation?["conditions"] == ["class 0", "class 0", "class 1"])
                return (ended, try await world.get("/v1/jobs/\(id)/files/samples_before.png").data)
            }
            let (plain, guided) = (try await finished(1), try await finished(4))
            #expect(plain.grid != guided.grid)
            let result = try #require(guided.job["result"]?["checkpoint"]?.text)
            for id in [checkpoint, result] {
                let files = try await world.get("/v1/checkpoints/\(id)").json["files"]?.elements ?? []
                let paths = Set(files.compactMap { $0["path"]?.text })
                let expected: Set = [
                    "pipeline.py", Self.module, "class_embedder/config.json", "class_embedder/diffusion_pytorch_model.safetensors",
                ]
                #expect(paths.isSuperset(of: expected), "\(paths)")
                // Never a stranger's code.
                let module = try await world.get("/v1/checkpoints/\(id)/files/\(Self.module)").data
                #expect(String(decoding: module, as: UTF8.self).contains("class ClassEmbedder(ModelMixin, ConfigMixin):"))
            }
        }
    }

    @Test func whatDoesNotFitIsRefusedByField() async throws {
        try await World.with { world in
            let three = try await world.upload("/v1/datasets", Self.pictures(folders: 3))
            let unsorted = try await world.upload("/v1/datasets", Self.pictures(folders: 0))
            func refusal(_ files: [(String, [UInt8])], _ dataset: String, guidance: Double = 1) async throws -> String {
                let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(files))
                let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, guidance: guidance))
                #expect(answer.status == 422, "\(answer.detail)")
                return answer.detail
            }
            let narrow = try await refusal(Self.pipeline(classes: 4, width: 7), three)
            #expect(narrow.contains("/checkpoint has a class embedder of 7 numbers a token; the model is told tokens of 24"), "\(narrow)")
            let few = try await refusal(Self.pipeline(classes: 2), three)
            #expect(few.contains("/dataset has 3 classes; the model knows 2"), "\(few)")
            let guided = try await refusal(Self.pipeline(classes: 3), three, guidance: 2)
            #expect(guided.contains("/evaluation/guidance_scale must be 1"), "\(guided)")
            let none = try await refusal(Self.pipeline(classes: 4), unsorted)
            #expect(none.contains("/dataset has no classes, which the model is told"), "\(none)")
            let other = try await refusal(
                Self.pipeline(classes: 4).map { path, bytes in
                    path.hasSuffix("class_embedder/config.json") ? (path, Array(#"{"n_classes": 5, "embed_dim": 24}"#.utf8)) : (path, bytes)
                }, three)
            #expect(other.contains("/checkpoint has parts that cannot be run") && other.contains("embedding.weight"), "\(other)")
        }
    }
}
