import Documents
import Foundation
import Media
import ServiceSupport
import TestSupport
import Testing

/// Latent and conditional models in small, from pictures with captions to decoded samples.
@Suite struct LatentTests {
    /// Stable Diffusion in small: latents of half of a picture's side, tokens of 24 numbers.
    static func pipeline(_ parts: Set<String> = ["vae", "text_encoder", "tokenizer"]) throws -> [(String, [UInt8])] {
        let index: JSON = [
            "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
            "scheduler": ["diffusers", "DDIMScheduler"], "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"], "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
        ]
        let scheduler: JSON = ["_class_name": "DDIMScheduler", "num_train_timesteps": 40, "clip_sample": false]
        var files: [(String, [UInt8])] = [
            ("model_index.json", Array(index.compact.utf8)), ("scheduler/scheduler_config.json", Array(scheduler.compact.utf8)),
            ("unet/config.json", try Samples.bytes("condition/sd1/config.json")),
            ("unet/diffusion_pytorch_model.safetensors", try Samples.bytes("condition/sd1/weights.safetensors")),
        ]
        if parts.contains("vae") {
            files += [
                ("vae/config.json", try Samples.bytes("autoencoder/kl/config.json")),
                ("vae/diffusion_pytorch_model.safetensors", try Samples.bytes("autoencoder/kl/weights.safetensors")),
            ]
        }
        if parts.contains("text_encoder") {
            files += [
                ("text_encoder/config.json", try Samples.bytes("text/encoders/quick/config.json")),
                ("text_encoder/model.safetensors", try Samples.bytes("text/encoders/quick/model.safetensors")),
            ]
        }
        if parts.contains("tokenizer") {
            files += try ["vocab.json", "merges.txt"].map {
                ("tokenizer/\($0)", try Samples.bytes("text/tokenizers/base/\($0)"))
            }
        }
        return files
    }

    /// Pictures of 16 by 16 pixels with captions, if any.
    static func pictures(_ captions: [String], besides: [(String, [UInt8])] = []) throws -> Data {
        var files = try captions.indices.map { number -> (String, [UInt8]) in
            let pixels = (0..<768).map { UInt8(truncatingIfNeeded: $0 * (number + 3) * 7) }
            return ("\(number).png", try PNGEncoder.encode(Picture(width: 16, height: 16, channels: 3, pixels: pixels)))
        }
        if captions.contains(where: { !$0.isEmpty }) {
            let lines = captions.enumerated().map { number, text -> String in
                let row: JSON = ["file_name": .string("\(number).png"), "text": .string(text)]
                return row.compact
            }
            files.append(("metadata.jsonl", Array(lines.joined(separator: "\n").utf8)))
        }
        return try Samples.archive(files + besides)
    }

    private static let captions = ["a photo of a cat", "", "a red apple", "a photo of a cat", "the quick brown fox"]

    private static func request(_ checkpoint: String, _ dataset: String?, widths: String = "free", guidance: Double = 1) -> JSON {
        [
            "checkpoint": .string(checkpoint), "dataset": .optional(dataset),
            "pruning": ["ratio": .double(0.3), "widths": .string(widths), "batch_size": 3, "timesteps": ["stride": 10]],
            "finetuning": ["steps": 3, "batch_size": 2], "evaluation": ["steps": 2, "samples": 3, "guidance_scale": .double(guidance)],
        ]
    }

    @Test(arguments: ["free", "diffusers"])
    func aWholeJobOnLatentsAndCaptions(widths: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Self.pipeline()))
            let described = try await world.get("/v1/checkpoints/\(checkpoint)").json
            #expect(described["is_latent"] == .bool(true) && described["architecture"]?.text == "UNet2DConditionModel")
            let dataset = try await world.upload("/v1/datasets", Self.pictures(Self.captions))
            let job = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, widths: widths, guidance: 3))
            try #require(job.status == 201, "\(job.detail)")
            let id = try #require(job.json["id"]?.text)
            let ended = try await world.finished(id)
            #expect(ended["status"]?.text == "succeeded", "\(ended.compact)")
            #expect(ended["request"]?["finetuning"]?["unconditional_probability"]?.double == 0.1)
            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            #expect(metrics["timing"]?["encoding"]?.double ?? 0 > 0, "\(metrics["timing"] ?? .null)")
            let told = metrics["evaluation"]?["conditions"]?.elements.map(\.text)
            #expect(told == ["a photo of a cat", "", "a red apple"], "\(metrics["evaluation"] ?? .null)")
            let grid = try await world.get("/v1/jobs/\(id)/files/samples_after.png").data
            let picture = try Picture(decoding: Array(grid))
            // Two in a row, of 16 pixels, and borders of 2.
            #expect(picture.width == 38 && picture.channels == 3)
            let result = try #require(ended["result"]?["checkpoint"]?.text)
            let files = try await world.get("/v1/checkpoints/\(result)").json["files"]?.elements ?? []
            let paths = files.compactMap { $0["path"]?.text }
            for path in ["vae/config.json", "text_encoder/model.safetensors", "tokenizer/vocab.json"] { #expect(paths.contains(path)) }
        }
    }

    @Test func whatIsMissingIsRefusedByName() async throws {
        try await World.with { world in
            let captioned = try await world.upload("/v1/datasets", Self.pictures(Self.captions))
            let plain = try await world.upload("/v1/datasets", Self.pictures(["", "", ""]))
            func refusal(_ parts: Set<String>, _ dataset: String) async throws -> String {
                let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Self.pipeline(parts)))
                let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset))
                #expect(answer.status == 422, "\(answer.detail)")
                return answer.detail
            }
            let blind = try await refusal(["text_encoder", "tokenizer"], captioned)
            #expect(blind.contains("/checkpoint is a latent model without its autoencoder"), "\(blind)")
            let deaf = try await refusal(["vae"], captioned)
            #expect(deaf.contains("/checkpoint has no text encoder for the captions"), "\(deaf)")
            let mute = try await refusal(["vae", "text_encoder", "tokenizer"], plain)
            #expect(mute.contains("/dataset has no captions, which the model is told"), "\(mute)")
        }
    }

    @Test func aModelWithoutItsAutoencoderIsWarnedOf() async throws {
        try await World.with { world in
            func described(_ files: [(String, [UInt8])]) async throws -> JSON {
                let id = try await world.upload("/v1/checkpoints", Samples.archive(files))
                return try await world.get("/v1/checkpoints/\(id)").json
            }
            let named = try await described(Self.pipeline([]))
            #expect(named["is_latent"] == .bool(true))
            #expect(named["warnings"]?.compact.contains("model_index.json names an autoencoder that is not there") == true)
            let alone = try await described(Self.pipeline([]).filter { $0.0.hasPrefix("unet/") })
            #expect(alone["is_latent"] == .bool(false))
            #expect(alone["warnings"]?.compact.contains("takes samples of 4 channels, which are no pictures") == true)
        }
    }

    @Test func embeddingsBesideThePicturesReplaceATextEncoder() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Self.pipeline(["vae"])))
            func dataset(width: Int) async throws -> String {
                let numbers = (0..<(4 * 5 * width)).map { Float($0 % 13) / 13 - 0.4 }
                return try await world.upload(
                    "/v1/datasets",
                    Self.pictures(
                        ["", "", "", ""],
                        besides: [("embeddings.safetensors", Samples.safetensors("encoder_hidden_states", [4, 5, width], numbers))]))
            }
            let narrow = try await world.post("/v1/jobs", Self.request(checkpoint, dataset(width: 7)))
            #expect(narrow.detail.contains("/dataset has embeddings of 7 numbers; the model is told tokens of 24"), "\(narrow.detail)")
            let body = Self.request(checkpoint, try await dataset(width: 24))
            let dry = try await world.post("/v1/jobs?dry_run=true", body)
            #expect(dry.json["memory"]?["encoding"]?.integer ?? 0 > 0, "\(dry.json["memory"] ?? .null)")
            #expect(dry.json["seconds"]?["encoding"]?.double ?? 0 > 0, "\(dry.json["seconds"] ?? .null)")
            let job = try await world.post("/v1/jobs", body)
            try #require(job.status == 201, "\(job.detail)")
            let ended = try await world.finished(try #require(job.json["id"]?.text))
            #expect(ended["status"]?.text == "succeeded", "\(ended.compact)")
        }
    }
}
