import Documents
import Foundation
import Media
import ServiceSupport
import Testing

/// The main job, through HTTP as a client meets it.
@Suite struct JobTests {
    private static func request(_ checkpoint: String, _ dataset: String?, _ pruning: JSON, finetuning: JSON = nil) -> JSON {
        [
            "checkpoint": .string(checkpoint), "dataset": .optional(dataset), "name": "small", "metadata": ["who": "test"],
            "pruning": pruning, "finetuning": finetuning,
        ]
    }

    private static let steps: JSON = ["first": 0, "last": 900, "stride": 300]

    @Test(arguments: ["diffusers", "free"])
    func aCheckpointIsPrunedFineTunedEvaluatedAndDownloaded(widths: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints?name=tiny", Samples.archive(Samples.unet(), .tarGz))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let answer = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": .string(checkpoint), "dataset": .string(dataset), "name": "small", "metadata": ["who": "test"],
                    "pruning": ["ratio": .double(0.5), "widths": .string(widths), "batch_size": 4, "timesteps": Self.steps],
                    "finetuning": ["steps": 3, "batch_size": 2],
                    "evaluation": ["samples": 2, "steps": 2],
                ])
            #expect(answer.status == 201)
            let id = try #require(answer.json["id"]?.text)
            #expect(answer.headers["location"] == "/v1/jobs/\(id)")
            #expect(answer.json.at("request", "pruning", "threshold") == .double(0.05))
            #expect(answer.json.at("request", "pruning", "timesteps", "last") == 900)
            #expect(answer.json.at("request", "finetuning", "ema_decay") == .double(0.9999))

            let job = try await world.finished(id)
            #expect(job["status"]?.text == "succeeded", "\(job.compact)")
            #expect(job["error"] == .null)
            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            let result = try #require(job.at("result", "checkpoint").text)
            let pruned = try #require(job.at("result", "pruned_checkpoint").text)
            #expect(result != pruned)
            let described = try await world.get("/v1/checkpoints/\(result)").json
            #expect(described["parameters"] == metrics.at("parameters", "after"))
            #expect(described["macs"] == metrics.at("macs", "after"))
            #expect(described.at("source", "stage").text == "finetuned")
            #expect(described["size"] == metrics.at("size", "after"))
            let before = try #require(metrics.at("parameters", "before").integer),
                after = try #require(metrics.at("parameters", "after").integer)
            #expect(after < before)
            #expect(metrics.at("finetuning", "losses").elements.count == 3)
            #expect(metrics.at("scoring", "losses").elements.map { $0["timestep"]?.integer } == [0, 300, 600, 900])
            for group in metrics["groups"]?.elements ?? [] {
                #expect(group["kept"]?.elements.count == group.at("width", "after").integer)
                #expect(group["scores"]?.elements.count == group.at("width", "before").integer)
            }
            for stage in ["before", "pruned", "after"] {
                #expect(try #require(metrics.at("evaluation", "loss", stage).double) > 0)
                let grid = try await world.get("/v1/jobs/\(id)/files/samples_\(stage).png")
                let picture = try Picture(decoding: Array(grid.data))
                #expect((picture.width, picture.height) == (2 * 18 + 2, 16 + 4))
            }
            #expect(metrics.at("evaluation", "ssim", "per_sample").elements.count == 2)
            #expect(try #require(metrics["peak_memory"]?.integer) > 1 << 20)
            let events = try await world.get("/v1/jobs/\(id)/events").json["data"]?.elements.compactMap { $0["event"]?.text } ?? []
            #expect(events.first == "queued")
            #expect(events.last == "succeeded")

            try await checkDownload(world, result, described)
            // A result can be pruned again: what is written is read.
            let again = try await world.post(
                "/v1/jobs", Self.request(result, nil, ["method": "magnitude", "ratio": .double(0.5), "widths": "free"]))
            let second = try await world.finished(try #require(again.json["id"]?.text))
            #expect(second["status"]?.text == "succeeded", "\(second.compact)")
        }
    }

    private func checkDownload(_ world: World, _ id: String, _ described: JSON) async throws {
        let archive = try await world.get("/v1/checkpoints/\(id)/content")
        let file = world.folder.appendingPathComponent("download.tar")
        try archive.data.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let reader = try ArchiveReader(path: file.path)
        var paths: [String] = []
        while let entry = try reader.next() {
            paths.append(entry.path)
            let bytes = try reader.readAll(atMost: 1 << 24)
            #expect(try await world.get("/v1/checkpoints/\(id)/files/\(entry.path)").data == Data(bytes))
        }
        let isFree = described["pruned_widths"]?.text == "free"
        #expect(
            paths == ["README.md"] + (isFree ? ["load_pruned.py"] : []) + [
                "manifest.json", "model_index.json", "scheduler/scheduler_config.json", "unet/config.json",
                "unet/diffusion_pytorch_model.safetensors",
            ])
        #expect(paths == described["files"]?.elements.compactMap { $0["path"]?.text })

        let tensors = try await world.get("/v1/checkpoints/\(id)/tensors").json["data"]?.elements ?? []
        let count = tensors.reduce(0) { $0 + ($1["shape"]?.elements.compactMap(\.integer).reduce(1, *) ?? 0) }
        #expect(count == described["parameters"]?.integer)
        let tensor = try await world.get("/v1/checkpoints/\(id)/tensors/conv_in.weight").json
        #expect(tensor["data"]?.elements.count == tensor["shape"]?.elements.compactMap(\.integer).reduce(1, *))
    }

    @Test func ratioZeroKeepsEveryWeight() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet("ldm"), .zip))
            let answer = try await world.post("/v1/jobs", Self.request(checkpoint, nil, ["method": "magnitude", "ratio": 0]))
            let job = try await world.finished(try #require(answer.json["id"]?.text))
            let result = try #require(job.at("result", "checkpoint").text)
            let path = "files/unet/diffusion_pytorch_model.safetensors"
            let name = "tensors/mid_block.resnets.0.conv1.weight"
            #expect(try await world.get("/v1/checkpoints/\(result)/\(path)").status == 200)
            let (before, after) = (
                try await world.get("/v1/checkpoints/\(checkpoint)/\(name)"), try await world.get("/v1/checkpoints/\(result)/\(name)")
            )
            #expect(before.data == after.data)
        }
    }

    @Test func aRunningJobIsCancelledAndWhatItNeedsIsInUse() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let long = Self.request(checkpoint, dataset, nil, finetuning: ["steps": 1_000_000, "batch_size": 4])
            let running = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            let waiting = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            #expect(try await world.send("DELETE", "/v1/checkpoints/\(checkpoint)").code == "in_use")
            #expect(try await world.send("DELETE", "/v1/datasets/\(dataset)").status == 409)
            while try await world.get("/v1/jobs/\(running)").json.at("progress", "completed").integer ?? 0 == 0 { await Task.yield() }
            #expect(try await world.send("DELETE", "/v1/jobs/\(running)").status == 409)
            #expect(try await world.send("POST", "/v1/jobs/\(waiting)/cancel").status == 202)
            #expect(try await world.get("/v1/jobs/\(waiting)").json["status"]?.text == "cancelled")
            #expect(try await world.send("POST", "/v1/jobs/\(running)/cancel").status == 202)
            #expect(try await world.finished(running)["status"]?.text == "cancelled")
            #expect(try await world.send("POST", "/v1/jobs/\(running)/cancel").status == 409)
            for job in [running, waiting] { #expect(try await world.send("DELETE", "/v1/jobs/\(job)").status == 204) }
            #expect(try await world.send("DELETE", "/v1/checkpoints/\(checkpoint)").status == 204)
            #expect(try await world.send("DELETE", "/v1/datasets/\(dataset)").status == 204)
            #expect(try world.filesLeft() == [])
        }
    }

    /// What pruning has made is there before fine-tuning ends, under its own name; it is not the result yet.
    @Test func aResultIsNamedOnceTheJobHasEnded() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let answer = try await world.post(
                "/v1/jobs",
                Self.request(
                    checkpoint, dataset, ["method": "magnitude", "ratio": .double(0.5)],
                    finetuning: ["steps": 1_000_000, "batch_size": 2, "learning_rate": .double(1e-5)]))
            let id = try #require(answer.json["id"]?.text)
            let running = try await world.client.job(id) { $0["phase"]?.text == "finetuning" }
            #expect(running.at("result", "checkpoint") == .null)
            let pruned = try #require(running.at("result", "pruned_checkpoint").text)
            #expect(try await world.send("POST", "/v1/jobs/\(id)/cancel").status == 202)
            let ended = try await world.finished(id)
            #expect(ended["status"]?.text == "cancelled" && ended.at("result", "checkpoint").text == pruned, "\(ended.compact)")
        }
    }

    @Test func aLossThatIsNotFiniteFailsTheJobAndKeepsWhatWasPruned() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let answer = try await world.post(
                "/v1/jobs",
                Self.request(
                    checkpoint, dataset, ["method": "magnitude", "ratio": .double(0.5)],
                    finetuning: ["steps": 100, "batch_size": 2, "learning_rate": 1_000_000, "gradient_clip": nil]))
            let job = try await world.finished(try #require(answer.json["id"]?.text))
            #expect(job["status"]?.text == "failed")
            #expect(job.at("error", "code").text == "loss_not_finite")
            let pruned = try #require(job.at("result", "pruned_checkpoint").text)
            #expect(try await world.get("/v1/checkpoints/\(pruned)").status == 200)
        }
    }

    @Test func aFormWithConfigAndWeightsIsACheckpoint() async throws {
        try await World.with { world in
            var body = Data()
            for (name, bytes) in [
                ("config", try Samples.bytes("unet/scale_shift/config.json")), ("name", Array("formed".utf8)),
                ("weights", try Samples.bytes("unet/scale_shift/weights.safetensors")),
            ] {
                body +=
                    Data("--XX\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"f\"\r\n\r\n".utf8) + Data(bytes)
                    + Data("\r\n".utf8)
            }
            body += Data("--XX--\r\n".utf8)
            let answer = try await world.send("POST", "/v1/checkpoints", body: body, type: "multipart/form-data; boundary=XX")
            #expect(answer.status == 201, "\(answer.detail)")
            #expect(answer.json["name"]?.text == "formed")
        }
    }

    @Test func freshWeightsAreDrawnWhenAskedFor() async throws {
        try await World.with { world in
            let config = try Samples.archive([("model/config.json", try Samples.bytes("unet/learned/config.json"))])
            let answer = try await world.send("POST", "/v1/checkpoints?init=random&seed=7", body: config)
            #expect(answer.status == 201, "\(answer.detail)")
            #expect(answer.json["sample_shape"] == [1, 8, 8])
            #expect(try await world.send("POST", "/v1/checkpoints?init=zeros", body: config).code == "invalid_init")
        }
    }

    @Test func listsGoOnWhereTheyStopped() async throws {
        try await World.with { world in
            var ids: [String] = []
            for number in 0..<5 { ids.insert(try await world.upload("/v1/datasets?name=\(number)", Samples.pictures(1 + number)), at: 0) }
            let first = try await world.get("/v1/datasets?limit=3").json
            #expect(first["data"]?.elements.map { $0["id"]?.text } == Array(ids[..<3]))
            #expect(first["has_more"] == true)
            let rest = try await world.get("/v1/datasets?limit=3&after=\(ids[2])").json
            #expect(rest["data"]?.elements.map { $0["id"]?.text } == Array(ids[3...]))
            #expect(rest["has_more"] == false)
        }
    }

    @Test func aJobThatWasCutOffRunsAgain() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let long = Self.request(
                checkpoint, dataset, ["method": "magnitude", "ratio": .double(0.5)], finetuning: ["steps": 1_000_000, "batch_size": 4])
            let id = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            while try await world.get("/v1/jobs/\(id)").json["phase"]?.text != "finetuning" { await Task.yield() }
            try await world.restart()
            #expect(try await world.get("/v1/jobs/\(id)").json["status"]?.text != "failed")
            while try await world.get("/v1/jobs/\(id)").json["phase"]?.text != "finetuning" { await Task.yield() }
            // The uploaded checkpoint and the pruned one, which was not made again.
            #expect(try await world.get("/v1/checkpoints").json["data"]?.elements.count == 2)
            #expect(try await world.send("POST", "/v1/jobs/\(id)/cancel").status == 202)
            #expect(try await world.finished(id)["status"]?.text == "cancelled")
        }
    }
}
