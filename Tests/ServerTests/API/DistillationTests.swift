import Documents
import Foundation
import ServiceSupport
import Testing

/// Fine-tuning that imitates the original: which that is, and what is told of it.
@Suite struct DistillationTests {
    private static let all: JSON = ["output": 1, "features": .double(0.5), "task": .double(2.5)]

    /// A service with the tiny U-Net and six pictures.
    private struct Place {
        let world: World
        let checkpoint: String
        let dataset: String

        init(_ world: World, _ model: String = "ddpm") async throws {
            self.world = world
            checkpoint = try await world.upload("/v1/checkpoints?name=tiny", Samples.archive(Samples.unet(model)))
            dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
        }

        func request(_ checkpoint: String, _ pruning: JSON, distillation: JSON?, _ changes: [String: JSON] = [:]) -> JSON {
            let finetuning: JSON = ["steps": 3, "batch_size": 2, "seed": 4]
            return [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "pruning": pruning,
                "finetuning": distillation.map { finetuning.replacing(["distillation": $0]).replacing(changes) } ?? .null,
            ]
        }

        /// Posts a job and waits for its end.
        func run(_ request: JSON) async throws -> JSON {
            let answer = try await world.post("/v1/jobs", request)
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            #expect(job["status"]?.text == "succeeded", "\(job.compact)")
            return job
        }

        func losses(_ job: JSON) async throws -> [JSON] {
            try await world.get("/v1/jobs/\(job.id)/metrics?points=all").json.at("finetuning", "losses").elements
        }

        /// Prunes without training; the result and the plan.
        func pruned(_ checkpoint: String, ratio: Double) async throws -> (job: String, result: String, plan: JSON) {
            let pruning: JSON = ["method": "magnitude", "ratio": .double(ratio), "widths": "free", "reconstruction": .null]
            let job = try await run(request(checkpoint, pruning, distillation: nil))
            return (job.id, job.at("result", "checkpoint").text ?? "", try await world.get("/v1/jobs/\(job.id)/plan").json)
        }
    }

    @Test(arguments: ["free", "diffusers"])
    func aJobImitatesWhatItPrunes(widths: String) async throws {
        try await World.with { world in
            let place = try await Place(world)
            let pruning: JSON = [
                "method": "magnitude", "ratio": .double(0.5), "widths": .string(widths), "reconstruction": ["samples": 4],
            ]
            let request = place.request(place.checkpoint, pruning, distillation: Self.all)
            let plain = place.request(place.checkpoint, pruning, distillation: .null)
            func forecast(_ request: JSON) async throws -> JSON {
                let answer = try await world.post("/v1/jobs?dry_run=true", request)
                #expect(answer.status == 200, "\(answer.detail)")
                return answer.json
            }
            let (dry, without) = (try await forecast(request), try await forecast(plain))
            #expect(
                dry.at("request", "finetuning", "distillation") == ["output": .double(1), "features": .double(0.5), "task": .double(2.5)])
            #expect(without.at("request", "finetuning", "distillation") == .null)
            let weights = try #require(dry.at("parameters", "before").integer) * 4
            let memory = try [dry, without].map { try #require($0.at("memory", "finetuning").integer) }
            #expect(memory[0] > memory[1] + weights)
            #expect(try #require(dry.at("seconds", "finetuning").double) > 0)

            let job = try await place.run(request)
            let losses = try await place.losses(job)
            #expect(losses.count == 3)
            for point in losses {
                let terms = try ["output", "features", "task"].map { try #require(point[$0]?.double) }
                #expect(terms.allSatisfy { $0 > 0 })
                let loss = (terms[0] + 0.5 * terms[1] + 2.5 * terms[2]) / 4
                #expect(abs(try #require(point["loss"]?.double) / loss - 1) < 1e-9)
            }
            let manifest = try await world.get("/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")/files/manifest.json").json
            #expect(manifest["teacher"] == manifest["source"])
            // The noise alone is learnt from the same examples.
            let others = try await place.losses(place.run(plain))
            #expect(others.allSatisfy { $0["output"] == nil && $0["task"] == nil })
            #expect(abs(try #require(others[0]["loss"]?.double) / (try #require(losses[0]["task"]?.double)) - 1) < 1e-9)
        }
    }

    /// Two cuts in jobs of their own, one after the other, are one cut in the same job.
    @Test(arguments: ["ddpm", "ldm"])
    func theOriginalOfAChainOfJobsIsImitated(model: String) async throws {
        try await World.with { world in
            let place = try await Place(world, model)
            let first = try await place.pruned(place.checkpoint, ratio: 0.3)
            let second = try await place.pruned(first.result, ratio: 0.5)
            let chained = try await place.run(place.request(second.result, .null, distillation: Self.all))

            let left = second.plan["groups"]?.elements ?? []
            let both = (first.plan["groups"]?.elements ?? []).map { group -> JSON in
                let kept = group["kept"]?.elements ?? []
                let now = left.first { $0["name"] == group["name"] }?["kept"]?.elements.compactMap(\.integer) ?? []
                return group.replacing(["kept": .array(now.map { kept[$0] })])
            }
            let plan = first.plan.replacing(["groups": .array(both)])
            let pruning: JSON = ["plan": plan, "reconstruction": .null]
            let single = try await place.run(place.request(place.checkpoint, pruning, distillation: Self.all))
            #expect(try await place.losses(chained) == place.losses(single))
            let manifest = try await world.get("/v1/checkpoints/\(chained.at("result", "checkpoint").text ?? "")/files/manifest.json").json
            #expect(manifest.at("teacher", "name").text == "tiny" && manifest["teacher"] != manifest["source"])

            // What was fine-tuned already goes on with the same teacher.
            let again = try await place.run(place.request(chained.at("result", "checkpoint").text ?? "", .null, distillation: Self.all))
            let (before, after) = (try await place.losses(chained), try await place.losses(again))
            #expect(before.map { $0["step"] } == after.map { $0["step"] } && before != after)
        }
    }

    @Test func aTeacherThatCannotBeFoundIsToldOf() async throws {
        try await World.with { world in
            let place = try await Place(world)
            func refused(_ checkpoint: String, _ text: String) async throws {
                let answer = try await world.post("/v1/jobs", place.request(checkpoint, .null, distillation: ["output": 1]))
                #expect(answer.status == 422 && answer.pointers == ["/finetuning/distillation"], "\(answer.detail)")
                #expect(answer.detail.contains(text) && answer.detail.contains("prune and fine-tune in one job"), "\(answer.detail)")
            }
            try await refused(place.checkpoint, "was made by no job")
            // What was downloaded and uploaded again comes from outside.
            let (job, result, _) = try await place.pruned(place.checkpoint, ratio: 0.5)
            let content = try await world.get("/v1/checkpoints/\(result)/content").data
            try await refused(try await world.upload("/v1/checkpoints", content), "was made by no job")

            let (other, second, _) = try await place.pruned(result, ratio: 0.5)
            #expect(try await world.send("DELETE", "/v1/jobs/\(job)").status == 204)
            try await refused(second, job)
            #expect(try await world.send("DELETE", "/v1/jobs/\(other)").status == 204)
            try await refused(second, other)
            let third = try await place.pruned(place.checkpoint, ratio: 0.5).result
            #expect(try await world.send("DELETE", "/v1/checkpoints/\(place.checkpoint)").status == 204)
            try await refused(third, place.checkpoint)
        }
    }

    @Test func aTeacherThatIsLostWhileTheJobWaitsFailsIt() async throws {
        try await World.with { world in
            let place = try await Place(world)
            let (maker, result, _) = try await place.pruned(place.checkpoint, ratio: 0.5)
            let long = place.request(result, .null, distillation: .null, ["steps": 1_000_000])
            let running = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            let waiting = try #require(
                try await world.post("/v1/jobs", place.request(result, .null, distillation: Self.all)).json["id"]?.text)
            #expect(try await world.send("DELETE", "/v1/jobs/\(maker)").status == 204)
            #expect(try await world.send("POST", "/v1/jobs/\(running)/cancel").status == 202)
            let job = try await world.finished(waiting)
            #expect(job.at("error", "code").text == "teacher_lost", "\(job.compact)")
            #expect(job.at("error", "detail").text?.contains(maker) == true)
        }
    }

    /// The teacher goes through in the student's parts, and what is told does not depend on them.
    @Test func aTightLimitOfMemoryChangesNoNumber() async throws {
        var runs: [[JSON]] = []
        for limit: Int64 in [0, (128 << 20) + (4 << 20)] {
            try await World.with(settings: { $0.memoryLimit = limit }) { world in
                let place = try await Place(world)
                let pruning: JSON = [
                    "method": "magnitude", "ratio": .double(0.5), "widths": "free", "allocation": "uniform", "reconstruction": .null,
                ]
                let request = place.request(place.checkpoint, pruning, distillation: Self.all, ["batch_size": 6])
                let peak = try await world.post("/v1/jobs?dry_run=true", request).json.at("memory", "finetuning").integer ?? 0
                #expect((peak > 4 << 20) == (limit == 0), "\(peak)")
                runs.append(try await place.losses(place.run(request)))
            }
        }
        #expect(runs[0].count == 3)
        for (a, b) in zip(runs[0], runs[1]) {
            for name in ["loss", "output", "features", "task"] {
                #expect(abs((a[name]?.double ?? 0) / (b[name]?.double ?? 1) - 1) < 1e-4, "\(name)")
            }
        }
    }
}

extension JSON {
    /// Of a job.
    fileprivate var id: String { self["id"]?.text ?? "" }
}
