import Documents
import Foundation
import ServiceSupport
import Testing

/// Generators pruned: from a bare state dict, without pictures.
@Suite struct GeneratorTests {
    /// A state dict as PyTorch's example writes it, of 16×16 pictures.
    static func weights(z: Int = 6, widths: [Int] = [12, 8]) -> [UInt8] {
        var tensors: [(name: String, shape: [Int])] = []
        let channels = [z] + widths + [3]
        for (place, pair) in zip(channels, channels.dropFirst()).enumerated() {
            tensors.append(("main.\(3 * place).weight", [pair.0, pair.1, 4, 4]))
            guard place < widths.count else { break }
            for leaf in ["weight", "bias", "running_mean", "running_var"] { tensors.append(("main.\(3 * place + 1).\(leaf)", [pair.1])) }
        }
        var (members, bytes, state): ([JSON.Member], [UInt8], UInt32) = ([], [], 1)
        for (name, shape) in tensors {
            let start = bytes.count
            for _ in 0..<shape.reduce(1, *) {
                state = state &* 1_664_525 &+ 1_013_904_223
                let number = (Float(state >> 8) / Float(1 << 24) - 0.5) / 2 + (shape.count == 1 && !name.hasSuffix("mean") ? 0.8 : 0)
                bytes += (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
            }
            members.append(.init(name, ["dtype": "F32", "shape": .integers(shape), "data_offsets": .integers([start, bytes.count])]))
        }
        // What nothing reads, as PyTorch counts batches.
        members.append(
            .init("main.1.num_batches_tracked", ["dtype": "I64", "shape": [], "data_offsets": .integers([bytes.count, bytes.count + 8])]))
        bytes += [UInt8](repeating: 0, count: 8)
        let text = Array(JSON.object(members).compact.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + bytes
    }

    private static func paths(_ checkpoint: JSON) -> [String] { (checkpoint["files"]?.elements ?? []).compactMap { $0["path"]?.text } }

    @Test func fromAStateDictItGoesThroughAllPhases() async throws {
        try await World.with { world in
            let uploaded = try await world.send("POST", "/v1/checkpoints?name=g", body: Data(Self.weights())).json
            #expect(uploaded["architecture"]?.text == "DCGANGenerator" && uploaded["sample_shape"] == [3, 16, 16], "\(uploaded.compact)")
            #expect(uploaded["warnings"]?.elements.compactMap { $0["code"]?.text } == ["assumed_settings"])
            #expect(Self.paths(uploaded) == ["config.json", "generator.py", "model.safetensors"])
            let answer = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": uploaded["id"] ?? .null, "pruning": ["ratio": .double(0.5), "samples": 20, "batch_size": 8],
                    "finetuning": ["steps": 3, "batch_size": 4], "evaluation": ["samples": 5, "seed": 2, "keep_samples": true],
                ])
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            #expect(job.status == "succeeded", "\(job.compact)")
            let request = job["request"] ?? .null
            #expect(request.at("pruning", "method") == "gauss-newton" && request.at("pruning", "component") == "generator")
            #expect(request.at("pruning", "widths") == "free" && request.at("pruning", "reconstruction", "samples") == 64)
            #expect(request.at("finetuning", "distillation", "output").double == 1 && request.at("evaluation", "sampler") == .null)
            // What is told can be asked for again.
            #expect(try await world.post("/v1/jobs?dry_run=true", request).status == 200)
            let metrics = try await world.get("/v1/jobs/\(job["id"]?.text ?? "")/metrics").json
            #expect(metrics.at("scoring", "losses").elements.compactMap { $0["batch"]?.integer } == [0, 1])
            let loss = metrics.at("evaluation", "loss")
            #expect(loss["before"]?.double == 0 && (loss["pruned"]?.double ?? 0) > 0 && (loss["after"]?.double ?? 0) > 0)
            #expect(metrics.at("evaluation", "ssim", "per_sample").elements.count == 5)
            for stage in ["before", "pruned", "after"] {
                let picture = try await world.get("/v1/jobs/\(job["id"]?.text ?? "")/files/samples_\(stage).png")
                #expect(picture.data.starts(with: [0x89, 0x50]), "\(stage)")
            }
            let result = try await world.get("/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")").json
            #expect(Self.paths(result) == ["README.md", "config.json", "generator.py", "manifest.json", "model.safetensors"])
            #expect((result["parameters"]?.integer ?? .max) < (uploaded["parameters"]?.integer ?? 0))
            // Another cut of it takes what was scored, as there is nothing else that it could depend on.
            let other = try await world.post(
                "/v1/jobs", ["checkpoint": uploaded["id"] ?? .null, "pruning": ["ratio": .double(0.25), "samples": 20, "batch_size": 8]])
            let cut = try await world.finished(try #require(other.json["id"]?.text, "\(other.detail)"))
            let scoring = try await world.get("/v1/jobs/\(cut["id"]?.text ?? "")/metrics").json.at("scoring")
            #expect(scoring["reused_from"] == job["id"] && scoring["losses"] == metrics.at("scoring", "losses"), "\(scoring.compact)")
            try await Self.goesOn(result, world)
        }
    }

    /// What was made can be cut again, trained by its original, handed out as ONNX, and sent again as it came.
    private static func goesOn(_ result: JSON, _ world: World) async throws {
        let id = result["id"] ?? .null
        let again = try await world.post(
            "/v1/jobs",
            [
                "checkpoint": id, "pruning": ["target": ["macs": ["fraction": .double(0.7)]]], "finetuning": ["steps": 2],
            ])
        #expect(try await world.finished(try #require(again.json["id"]?.text, "\(again.detail)")).status == "succeeded")
        let trained = try await world.post("/v1/jobs", ["checkpoint": id, "finetuning": ["steps": 2], "evaluation": ["samples": 2]])
        let job = try await world.finished(try #require(trained.json["id"]?.text, "\(trained.detail)"))
        let loss = try await world.get("/v1/jobs/\(job["id"]?.text ?? "")/metrics").json.at("evaluation", "loss", "before")
        #expect(job.status == "succeeded" && (loss.double ?? 0) > 0, "\(job.compact)")
        let path = "/v1/checkpoints/\(id.text ?? "")/content"
        #expect(try await world.get("\(path)?layout=onnx").status == 200)
        #expect(try await world.get("\(path)?dtype=float16").status == 200)
        let sent = try await world.send("POST", "/v1/checkpoints", body: world.get(path).data)
        #expect(sent.status == 201 && sent.json["warnings"] == [] && sent.json["parameters"] == result["parameters"], "\(sent.detail)")
    }

    @Test(
        arguments: [
            (["dataset": "ds_1"], ["/dataset"]), (["pruning": ["method": "taylor"]], ["/pruning/method"]),
            (["pruning": ["ratio": "auto"]], ["/pruning/ratio"]),
            (["pruning": ["target": ["loss_increase": .double(0.1)]]], ["/pruning/target/loss_increase"]),
            (["pruning": ["widths": "diffusers"]], ["/pruning/widths"]), (["pruning": ["component": "vae"]], ["/pruning/component"]),
            (["pruning": ["timesteps": ["stride": 2], "threshold": .double(0.1)]], ["/pruning/threshold", "/pruning/timesteps"]),
            (["objective": ["error": "l1"], "pruning": [:]], ["/objective"]),
            (["pruning": [:], "finetuning": ["distillation": ["output": 1, "task": 1]]], ["/finetuning/distillation/task"]),
            (["pruning": [:], "finetuning": ["distillation": ["features": 1]]], ["/finetuning/distillation/features"]),
            (["finetuning": ["steps": 1]], ["/finetuning/distillation"]), (["evaluation": ["steps": 3]], ["/evaluation/steps"]),
            (["evaluation": ["metrics": ["kid"]]], ["/evaluation/metrics"]),
        ] as [(JSON, [String])])
    func whatDoesNotBelongToItIsRefused(request: JSON, pointers: [String]) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Data(Self.weights()))
            let needsDataset = request["dataset"] != nil
            let dataset = needsDataset ? JSON.string(try await world.upload("/v1/datasets", Samples.pictures(2))) : .null
            let base: JSON = needsDataset ? ["pruning": [:]] : .object([])
            let body = base.replacing(
                ["checkpoint": .string(checkpoint), "dataset": dataset].merging(
                    ["objective", "pruning", "finetuning", "evaluation"].reduce(into: [:]) { $0[$1] = request[$1] }
                ) { $1 })
            let answer = try await world.post("/v1/jobs?dry_run=true", body)
            #expect(answer.status == 422 && answer.pointers == pointers, "\(answer.detail)")
        }
    }

    @Test func aDiscriminatorIsToldWhatItIs() async throws {
        try await World.with { world in
            let answer = try await world.send(
                "POST", "/v1/checkpoints",
                body: Data(Samples.safetensors("main.0.weight", [6, 3, 4, 3], [Float](repeating: 0, count: 216))))
            #expect(answer.status == 422 && answer.detail.contains("not read as a DCGAN's generator"), "\(answer.detail)")
        }
    }
}
