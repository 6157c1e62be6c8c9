import Documents
import Foundation
import ServiceSupport
import Storage
import Testing

/// What a job's results are: the same twice, in the format asked for, and with the papers they need.
@Suite struct ResultTests {
    private static func request(_ checkpoint: String, _ dataset: String, _ more: [String: JSON] = [:]) -> JSON {
        let whole: JSON = [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset), "name": "twice",
            "pruning": ["ratio": .double(0.5), "widths": "free", "batch_size": 4, "timesteps": ["last": 20], "seed": 3],
            "finetuning": ["steps": 4, "batch_size": 3, "seed": 4],
            "evaluation": ["samples": 3, "steps": 3, "eta": .double(0.5), "seed": 5],
        ]
        return whole.replacing(more)
    }

    /// Metrics without what a clock and the process decide.
    private static func timeless(_ metrics: JSON) -> JSON {
        let evaluation = (metrics["evaluation"] ?? .null).replacing(["seconds_per_sample": .null])
        return metrics.replacing(["job": .null, "timing": .null, "peak_memory": .null, "evaluation": evaluation])
    }

    @Test func theSameJobTwiceIsTheSameToTheLastByte() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            var runs: [(content: Data, pruned: Data, metrics: JSON, grid: Data)] = []
            for _ in 0..<2 {
                let id = try #require(try await world.post("/v1/jobs", Self.request(checkpoint, dataset)).json["id"]?.text)
                let job = try await world.finished(id)
                #expect(job["status"]?.text == "succeeded", "\(job.compact)")
                let (result, pruned) = (job.at("result", "checkpoint").text ?? "", job.at("result", "pruned_checkpoint").text ?? "")
                runs.append(
                    (
                        try await world.get("/v1/checkpoints/\(result)/content").data,
                        try await world.get("/v1/checkpoints/\(pruned)/content").data,
                        Self.timeless(try await world.get("/v1/jobs/\(id)/metrics?points=all").json),
                        try await world.get("/v1/jobs/\(id)/files/samples_after.png").data
                    ))
                // The other is to score by itself.
                try await world.restart(settings: { _ in }) { try Database(folder: $0).execute("DELETE FROM calibrations") }
            }
            #expect(!runs[0].content.isEmpty && runs[0].content != runs[0].pruned)
            #expect(runs[0].content == runs[1].content)
            #expect(runs[0].pruned == runs[1].pruned)
            #expect(runs[0].metrics == runs[1].metrics)
            #expect(runs[0].grid == runs[1].grid)
        }
    }

    /// Whatever a checkpoint is called, its result's card says that and nothing else.
    @Test func aResultHasAModelCard() async throws {
        try await World.with { world in
            let files = try Samples.unet() + [("LICENSE", Array("MIT".utf8))]
            let checkpoint = try await world.upload(
                "/v1/checkpoints?name=a%7Cb%20%22c%22%3A%20%3Cb%3E", Samples.archive(files))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset))
            let job = try await world.finished(try #require(answer.json["id"]?.text))
            var cards: [String] = []
            for stage in ["checkpoint", "pruned_checkpoint"] {
                let id = try #require(job.at("result", stage).text)
                cards.append(String(decoding: try await world.get("/v1/checkpoints/\(id)/files/README.md").data, as: UTF8.self))
            }
            let front = """
                ---
                library_name: diffusers
                pipeline_tag: unconditional-image-generation
                base_model: "a|b \\"c\\": <b>"
                tags:
                - diffusers
                - pruned
                - diff-pruning
                license: other
                license_name: as-the-original
                license_link: "LICENSE"
                ---

                # a\\|b "c": \\<b\\>, pruned
                """
            for card in cards { #expect(card.hasPrefix(front), "\(card)") }
            let parameters = try await world.get("/v1/jobs/\(try #require(job["id"]?.text))/metrics").json["parameters"]
            let sizes = try ["before", "after"].map { Self.grouped(try #require(parameters?[$0]?.integer)) }
            let row = "| parameters | \(sizes[0]) | \(sizes[1]) |"
            for part in [
                row, "`free` widths", "4 steps of 3 pictures", "6 pictures", "(`assumed_schedule`)", "(`few_training_pictures`)",
                "python load_pruned.py",
            ] {
                #expect(cards[0].contains(part), "\(part) in \(cards[0])")
            }
            #expect(cards[0].contains(", pruned and fine-tuned\n") && !cards[1].contains("fine-tuned"))
        }
    }

    /// Below a million.
    private static func grouped(_ number: Int) -> String {
        number < 1000 ? "\(number)" : "\(number / 1000)," + String("\(1000 + number % 1000)".dropFirst())
    }

    @Test func theManifestTellsWhatAResultWasMadeOf() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints?name=tiny", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset))
            let job = try await world.finished(try #require(answer.json["id"]?.text))
            let result = try #require(job.at("result", "checkpoint").text)
            let manifest = try await world.get("/v1/checkpoints/\(result)/files/manifest.json").json
            #expect(manifest["stage"]?.text == "finetuned")
            #expect(manifest["request"] == job["request"])
            #expect(manifest["seeds"] == ["pruning": 3, "reconstruction": 0, "finetuning": 4, "evaluation": 5])
            #expect(manifest.at("source", "name").text == "tiny")
            let files = try await world.get("/v1/checkpoints/\(checkpoint)").json["files"]?.elements ?? []
            #expect(manifest.at("source", "files").elements.map { $0["sha256"] } == files.map { $0["sha256"] })
            #expect(manifest.at("dataset", "images") == 6)
            #expect(manifest.at("dataset", "sha256").text?.count == 64)
            #expect(manifest["blas"] == (try await world.get("/healthz").json["blas"]))
            #expect(manifest["threads"] == 2)
            // A free result brings the file that loads it; a checkpoint that was uploaded has neither.
            let loader = try await world.get("/v1/checkpoints/\(result)/files/load_pruned.py")
            #expect(String(decoding: loader.data, as: UTF8.self).contains("def load_pruned("))
            #expect(try await world.get("/v1/checkpoints/\(checkpoint)/files/manifest.json").status == 404)
        }
    }

    @Test(arguments: ["float16", "bfloat16"])
    func weightsComeInTheFormatThatWasAskedFor(dtype: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, ["dtype": .string(dtype)]))
            #expect(answer.json.at("request", "dtype").text == dtype)
            let job = try await world.finished(try #require(answer.json["id"]?.text))
            #expect(job["status"]?.text == "succeeded", "\(job.compact)")
            for stage in ["checkpoint", "pruned_checkpoint"] {
                let id = try #require(job.at("result", stage).text)
                #expect(try await world.get("/v1/checkpoints/\(id)").json["dtype"]?.text == dtype)
                let tensors = try await world.get("/v1/checkpoints/\(id)/tensors").json["data"]?.elements ?? []
                #expect(!tensors.isEmpty && tensors.allSatisfy { $0["dtype"]?.text == dtype })
            }
            // Without being asked a result keeps the format of what it was made of.
            let again = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": job.at("result", "pruned_checkpoint"),
                    "pruning": ["method": "magnitude", "ratio": .double(0.5), "widths": "free"],
                ])
            let second = try await world.finished(try #require(again.json["id"]?.text, "\(again.detail)"))
            let id = try #require(second.at("result", "checkpoint").text)
            #expect(try await world.get("/v1/checkpoints/\(id)").json["dtype"]?.text == dtype)
            #expect(try await world.post("/v1/jobs", Self.request(checkpoint, dataset, ["dtype": "int8"])).pointers == ["/dtype"])
        }
    }

    /// diffusers forgets a key that it does not know when it saves a network.
    @Test func freeWidthsThatTheConfigForgotAreToldByTheTensors() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let pruning: JSON = ["method": "magnitude", "ratio": .double(0.5), "widths": "free"]
            let job = try await world.post("/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": pruning])
            let ended = try await world.finished(try #require(job.json["id"]?.text))
            let result = try #require(ended.at("result", "checkpoint").text)
            func file(_ path: String) async throws -> [UInt8] {
                Array(try await world.get("/v1/checkpoints/\(result)/files/unet/\(path)").data)
            }
            let config = try JSON(parsing: await file("config.json"))
            guard case .object(let members) = config else { return }
            let forgetful = JSON.object(members.filter { $0.name != "pruned_widths" })
            let weights = try await file("diffusion_pytorch_model.safetensors")
            func upload(_ config: JSON) async throws -> World.Answer {
                let files = [("config.json", Array(config.compact.utf8)), ("diffusion_pytorch_model.safetensors", weights)]
                return try await world.send("POST", "/v1/checkpoints", body: Samples.archive(files))
            }
            let again = try await upload(forgetful)
            let made = try await world.get("/v1/checkpoints/\(result)").json
            #expect(again.status == 201 && again.json["pruned_widths"] == "free", "\(again.detail)")
            #expect(again.json["parameters"] == made["parameters"] && again.json["macs"] == made["macs"])
            #expect(again.json["warnings"]?.compact.contains("their shapes are taken for the widths") == true)
            let paths = again.json["files"]?.elements.compactMap { $0["path"]?.text } ?? []
            #expect(paths.contains("load_pruned.py"))
            // A network that these cannot be what is left of is refused as before.
            let wider = try await upload(forgetful.replacing(["block_out_channels": [2, 4, 4], "norm_num_groups": 2]))
            #expect(wider.status == 422, "\(wider.status) \(wider.detail)")
        }
    }
}
