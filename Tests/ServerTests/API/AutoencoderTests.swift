import Documents
import Foundation
import ServiceSupport
import Testing

/// Autoencoders pruned, by themselves and in a pipeline.
@Suite struct AutoencoderTests {
    private static func alone(_ name: String) throws -> [(String, [UInt8])] {
        [
            ("config.json", try Samples.bytes("autoencoder/\(name)/config.json")),
            ("diffusion_pytorch_model.safetensors", try Samples.bytes("autoencoder/\(name)/weights.safetensors")),
        ]
    }

    private static func paths(_ checkpoint: JSON) -> [String] { (checkpoint["files"]?.elements ?? []).compactMap { $0["path"]?.text } }

    @Test(arguments: ["kl", "vq"], ["diffusers", "free"]) func aloneItGoesThroughAllPhases(name: String, widths: String) async throws {
        try await World.with { world in
            let uploaded = try await world.send("POST", "/v1/checkpoints", body: Samples.archive(Self.alone(name))).json
            #expect(uploaded["architecture"]?.text == (name == "kl" ? "AutoencoderKL" : "VQModel"))
            #expect(uploaded["is_latent"] == false && uploaded["sample_shape"] == [3, 32, 32] && uploaded["warnings"] == [])
            #expect(Self.paths(uploaded) == ["config.json", "diffusion_pytorch_model.safetensors"])
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(20, width: 32, height: 32))
            let answer = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": uploaded["id"] ?? .null, "dataset": .string(dataset),
                    "pruning": ["ratio": .double(0.5), "widths": .string(widths), "batch_size": 5, "samples": 17],
                    "finetuning": ["steps": 3, "batch_size": 4, "distillation": ["output": 1, "features": 1, "task": 1]],
                    "evaluation": ["samples": 3],
                ])
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            #expect(job.status == "succeeded", "\(job.compact)")
            #expect(
                job.at("request", "pruning", "method") == "gauss-newton"
                    && job.at("request", "pruning", "component").text?.hasPrefix("v") == true
            )
            let id = job["id"]?.text ?? ""
            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            #expect(metrics.at("scoring", "losses").elements.compactMap { $0["batch"]?.integer } == [0, 1, 2])
            #expect(metrics.at("scoring", "kept_batches") == 3 && metrics["scoring"]?["kept_timesteps"] == nil)
            for measure in ["mse", "ssim"] {
                for stage in ["before", "pruned", "after"] {
                    #expect(metrics.at("evaluation", "reconstruction", measure, stage).double != nil, "\(measure) \(stage)")
                }
            }
            for file in ["before", "pruned", "after", "originals"] {
                #expect(try await world.get("/v1/jobs/\(id)/files/samples_\(file).png").data.starts(with: [0x89, 0x50]), "\(file)")
            }
            let result = try await world.get("/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")").json
            let own = widths == "free" ? ["load_pruned.py"] : []
            #expect(
                Self.paths(result) == (["README.md", "config.json", "diffusion_pytorch_model.safetensors", "manifest.json"] + own).sorted())
            #expect((result["parameters"]?.integer ?? .max) < (uploaded["parameters"]?.integer ?? 0))
            // What is made can be pruned again, and looked at.
            let again = try await world.post(
                "/v1/jobs?dry_run=true",
                ["checkpoint": result["id"] ?? .null, "pruning": ["method": "magnitude", "ratio": .double(0.3), "widths": "free"]])
            #expect(again.status == 200, "\(again.detail)")
            #expect(try await world.get("/v1/checkpoints/\(result["id"]?.text ?? "")/tensors").status == 200)
            let onnx = try await world.get("/v1/checkpoints/\(result["id"]?.text ?? "")/content?layout=onnx")
            #expect(onnx.status == (widths == "free" ? 422 : 200), "\(onnx.detail)")
        }
    }

    /// The encoder stays, and the pipeline's index names the class that the result is of.
    @Test func theDecoderIsCutAlone() async throws {
        try await World.with { world in
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6, width: 32, height: 32))
            let alone = try await world.upload("/v1/checkpoints", Samples.archive(Self.alone("kl")))
            let pipeline = try await world.upload("/v1/checkpoints", Samples.archive(LatentTests.pipeline()))
            let wanted: JSON = ["component": "decoder", "ratio": .double(0.5), "batch_size": 3, "samples": 6]
            for (checkpoint, folder) in [(alone, ""), (pipeline, "vae/")] {
                let answer = try await world.post(
                    "/v1/jobs",
                    [
                        "checkpoint": .string(checkpoint), "dataset": .string(dataset), "pruning": wanted,
                        "finetuning": ["steps": 2, "batch_size": 2], "evaluation": ["samples": 2],
                    ])
                let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
                #expect(job.status == "succeeded", "\(job.compact)")
                let files = try await world.get("/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")/content").files()
                let config = try JSON(parsing: files["\(folder)config.json"] ?? [])
                #expect(
                    config["_class_name"] == "AsymmetricAutoencoderKL"
                        && config["down_block_out_channels"] != config["up_block_out_channels"])
                if let index = files["model_index.json"] {
                    #expect(try JSON(parsing: index)["vae"] == ["diffusers", "AsymmetricAutoencoderKL"])
                }
                let card = String(decoding: files["README.md"] ?? [], as: UTF8.self)
                #expect(card.contains("autoencoder's decoder"))
            }
            // What does not go with it is told by its field.
            for (pruning, pointer) in [
                (["component": "decoder", "widths": "free"], "/pruning/widths"), (["component": "unet"], "/pruning/component"),
            ] as [(JSON, String)] {
                let answer = try await world.post(
                    "/v1/jobs?dry_run=true", ["checkpoint": .string(alone), "dataset": .string(dataset), "pruning": pruning])
                #expect(
                    answer.status == 422 && answer.json["errors"]?.elements.compactMap { $0["pointer"]?.text } == [pointer],
                    "\(answer.detail)")
            }
        }
    }

    /// The layers for a mask, which the class has to have, are more than a small cut takes away.
    @Test func aDecodersCutThatMakesTheFileLargerIsToldSo() async throws {
        try await World.with { world in
            let config: JSON = [
                "_class_name": "AutoencoderKL", "block_out_channels": [16, 64], "norm_num_groups": 8, "layers_per_block": 1,
                "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
                "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"],
            ]
            let files = [("config.json", Array(config.compact.utf8))]
            let uploaded = try await world.send("POST", "/v1/checkpoints?init=random", body: Samples.archive(files))
            for (ratio, codes) in [(0.13, ["result_larger"]), (0.25, [])] {
                let forecast = try await world.post(
                    "/v1/jobs?dry_run=true",
                    [
                        "checkpoint": uploaded.json["id"] ?? .null,
                        "pruning": ["component": "decoder", "method": "magnitude", "ratio": .double(ratio)],
                    ])
                #expect(forecast.json["warnings"]?.elements.compactMap { $0["code"]?.text } == codes, "\(ratio) \(forecast.json.compact)")
            }
        }
    }

    @Test(arguments: [("best", 32, 4e-3), ("paper", 16, 2e-4)]) func stepsAreAsTheRecipeHasThem(
        recipe: String, batch: Int, rate: Double
    ) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Self.alone("kl")))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(40, width: 32, height: 32))
            func forecast(_ finetuning: JSON) async throws -> JSON {
                let answer = try await world.post(
                    "/v1/jobs?dry_run=true",
                    [
                        "recipe": .string(recipe), "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                        "pruning": ["ratio": .double(0.5)], "finetuning": finetuning,
                    ])
                #expect(answer.status == 200, "\(answer.json.compact)")
                return answer.json.at("request", "finetuning")
            }
            let usual = try await forecast(["steps": 3])
            #expect(usual["batch_size"] == .integer(batch) && usual["learning_rate"]?.double == rate, "\(usual.compact)")
            let asked = try await forecast(["steps": 3, "batch_size": 5, "learning_rate": .double(0.25)])
            #expect(asked["batch_size"] == 5 && asked["learning_rate"]?.double == 0.25, "\(asked.compact)")
        }
    }

    @Test func inAPipelineNothingElseChanges() async throws {
        try await World.with { world in
            let pipeline = try await world.send("POST", "/v1/checkpoints", body: Samples.archive(LatentTests.pipeline())).json
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6, width: 32, height: 32))
            let answer = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": pipeline["id"] ?? .null, "dataset": .string(dataset),
                    "pruning": ["component": "vae", "ratio": .double(0.5), "batch_size": 3, "samples": 6],
                ])
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            #expect(job.status == "succeeded", "\(job.compact)")
            let result = try await world.get("/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")").json
            for field in ["architecture", "parameters", "macs", "sample_shape", "is_latent"] {
                #expect(result[field] == pipeline[field], "\(field)")
            }
            let before = pipeline["files"]?.elements.filter { $0["path"]?.text?.hasPrefix("vae/") == false } ?? []
            let after = result["files"]?.elements ?? []
            #expect(before.allSatisfy(after.contains) && after.count == before.count + 4)
            // Its U-Net is what a job without a component is about, and draws with the new autoencoder.
            let drawn = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": result["id"] ?? .null,
                    "dataset": .string(try await world.upload("/v1/datasets", LatentTests.pictures(["a cat", "a dog"]))),
                    "evaluation": ["samples": 2, "steps": 2],
                ])
            #expect(try await world.finished(try #require(drawn.json["id"]?.text, "\(drawn.detail)")).status == "succeeded")
        }
    }

    @Test func itIsNoPipelinesOwnNetwork() async throws {
        try await World.with { world in
            // Beside another file of a pipeline: one folder alone is what is in it.
            let files = try Self.alone("kl").map { ("unet/\($0.0)", $0.1) } + [("model_index.json", Array("{}".utf8))]
            let answer = try await world.send("POST", "/v1/checkpoints", body: Samples.archive(files))
            #expect(
                answer.status == 422 && answer.detail.contains("unet/config.json: AutoencoderKL is none of a pipeline's own networks"),
                "\(answer.detail)")
        }
    }
}
