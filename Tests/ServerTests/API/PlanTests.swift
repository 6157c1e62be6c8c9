import Documents
import Foundation
import ServiceSupport
import Testing

/// A job's plan is read, sent again, edited, and refused where it does not fit.
@Suite struct PlanTests {
    private static let weights = "files/unet/diffusion_pytorch_model.safetensors"

    /// Prunes the tiny model `unet` and returns its plan.
    private static func plan(_ world: World, _ checkpoint: String, _ widths: String) async throws -> (plan: JSON, result: String) {
        let answer = try await world.post(
            "/v1/jobs",
            [
                "checkpoint": .string(checkpoint),
                "pruning": ["method": "magnitude", "ratio": .double(0.5), "widths": .string(widths)],
            ])
        let job = try await world.finished(try #require(answer.json["id"]?.text))
        let id = try #require(job["id"]?.text)
        return (try await world.get("/v1/jobs/\(id)/plan").json, try #require(job.at("result", "checkpoint").text))
    }

    private static func apply(_ world: World, _ checkpoint: String, _ plan: JSON) async throws -> World.Answer {
        try await world.post("/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": ["plan": plan]])
    }

    private static func editing(_ plan: JSON, _ name: String, _ changes: [String: JSON]) -> JSON {
        plan.replacing([
            "groups": .array((plan["groups"]?.elements ?? []).map { $0["name"]?.text == name ? $0.replacing(changes) : $0 })
        ])
    }

    @Test(arguments: [("ddpm", "diffusers"), ("ddpm", "free"), ("ldm", "diffusers"), ("ldm", "free")])
    func theSamePlanGivesTheSameTensors(model: String, widths: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet(model)))
            let (plan, first) = try await Self.plan(world, checkpoint, widths)
            #expect(plan["checkpoint"]?.text == checkpoint)
            #expect(plan["widths"]?.text == widths)
            let files = try await world.get("/v1/checkpoints/\(checkpoint)").json["files"]?.elements ?? []
            #expect(files.contains { $0["sha256"] == plan["digest"] && $0["path"]?.text?.hasSuffix(".safetensors") == true })

            let answer = try await Self.apply(world, checkpoint, plan)
            #expect(answer.status == 201, "\(answer.detail)")
            let job = try await world.finished(try #require(answer.json["id"]?.text))
            #expect(job["status"]?.text == "succeeded", "\(job.compact)")
            let second = try #require(job.at("result", "checkpoint").text)
            let (a, b) = (
                try await world.get("/v1/checkpoints/\(first)/\(Self.weights)"),
                try await world.get("/v1/checkpoints/\(second)/\(Self.weights)")
            )
            #expect(a.status == 200)
            #expect(a.data == b.data)
            // The applied plan is the job's own again.
            let id = try #require(job["id"]?.text)
            let again = try await world.get("/v1/jobs/\(id)/plan").json
            #expect(again["groups"] == plan["groups"])
            #expect(again["digest"] == plan["digest"])
            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            #expect(metrics["scoring"] == .null)
            #expect(metrics["groups"]?.elements.allSatisfy { $0["scores"] == .null } == true)
        }
    }

    @Test func anEditedPlanIsApplied() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let (plan, _) = try await Self.plan(world, checkpoint, "free")
            let name = "down_blocks.0.resnets.0.conv1"
            let edited = Self.editing(plan, name, ["kept": [0, 2, 4, 6]])
            let answer = try await Self.apply(world, checkpoint, edited)
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            let result = try #require(job.at("result", "checkpoint").text)
            let bias = try await world.get("/v1/checkpoints/\(result)/tensors/\(name).bias").json["data"]?.elements ?? []
            let whole = try await world.get("/v1/checkpoints/\(checkpoint)/tensors/\(name).bias").json["data"]?.elements ?? []
            #expect(bias == [0, 2, 4, 6].map { whole[$0] })
        }
    }

    @Test func whatDoesNotFitIsRefusedByField() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let (plan, _) = try await Self.plan(world, checkpoint, "diffusers")
            let (free, _) = try await Self.plan(world, checkpoint, "free")
            let groups = try #require(plan["groups"]?.elements)
            let first = try #require(groups.firstIndex { $0["name"]?.text == "conv_in" })
            let at = "/pruning/plan/groups/\(first)"
            func edited(_ changes: [String: JSON]) -> JSON { Self.editing(plan, "conv_in", changes) }
            let table: [(JSON, String)] = [
                (plan.replacing(["digest": .string(String(repeating: "0", count: 64))]), "/pruning/plan/digest"),
                (plan.replacing(["digest": .null]), "/pruning/plan/digest"),
                (plan.replacing(["widths": "narrow"]), "/pruning/plan/widths"),
                (plan.replacing(["colour": 1]), "/pruning/plan/colour"),
                (plan.replacing(["groups": .null]), "/pruning/plan/groups"),
                (plan.replacing(["groups": .array(Array(groups.dropFirst()))]), "/pruning/plan/groups"),
                (plan.replacing(["groups": .array(groups + [groups[0]])]), "/pruning/plan/groups/\(groups.count)/name"),
                (edited(["name": "conv_inn"]), "\(at)/name"),
                (edited(["width": 9]), "\(at)/width"),
                (edited(["members": .array(Array((groups[first]["members"]?.elements ?? []).dropLast()))]), "\(at)/members"),
                (edited(["kept": []]), "\(at)/kept"),
                (edited(["kept": [3, 1, 5, 7]]), "\(at)/kept"),
                (edited(["kept": [1, 1, 3, 5]]), "\(at)/kept"),
                (edited(["kept": [1, 3, 5, 8]]), "\(at)/kept"),
                (edited(["kept": [-1, 3, 5, 7]]), "\(at)/kept"),
                // Not the same number from each of the four norm groups.
                (edited(["kept": [0, 1, 2, 4]]), "\(at)/kept"),
                // As many as the other groups of the block, or no plain config describes the result.
                (edited(["kept": [0, 1, 2, 3, 4, 5, 6, 7]]), "/pruning/plan/groups"),
                (Self.editing(free, "conv_in", ["kept": [.double(0.5)]]), "\(at)/kept"),
            ]
            for (plan, pointer) in table {
                let answer = try await Self.apply(world, checkpoint, plan)
                #expect(answer.status == 422, "\(pointer)")
                #expect(answer.pointers == [pointer], "\(pointer): \(answer.detail)")
            }
            let both = try await world.post(
                "/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": ["plan": plan, "ratio": .double(0.3)]])
            #expect(both.pointers == ["/pruning/ratio"])
            #expect(try await world.get("/v1/jobs").json["data"]?.elements.count == 2)
        }
    }

    @Test func aPlanWithHeadsKeepsTheSameOnesOfEachAttention() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet("ldm")))
            let (plan, _) = try await Self.plan(world, checkpoint, "diffusers")
            let query = try #require(plan["groups"]?.elements.first { $0["name"]?.text?.hasSuffix("to_q") == true })
            let name = try #require(query["name"]?.text)
            let kept = query["kept"]?.elements.compactMap(\.integer) ?? []
            // Of four heads of four channels two stay: take two others.
            let others = (0..<16).filter { !kept.contains($0) }
            let answer = try await Self.apply(world, checkpoint, Self.editing(plan, name, ["kept": .integers(others)]))
            #expect(answer.pointers == ["/pruning/plan/groups"])
            #expect(answer.detail.contains("same heads"), "\(answer.detail)")
            let split = try await Self.apply(world, checkpoint, Self.editing(plan, name, ["kept": .integers([0, 1, 2, 4, 5, 6, 8, 9])]))
            #expect(split.detail.contains("whole heads"), "\(split.detail)")
        }
    }

    @Test func aJobThatPrunesNothingHasNoPlan() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let answer = try await world.post("/v1/jobs", ["checkpoint": .string(checkpoint), "evaluation": ["samples": 1, "steps": 1]])
            let id = try #require(answer.json["id"]?.text)
            _ = try await world.finished(id)
            #expect(try await world.get("/v1/jobs/\(id)/plan").code == "not_found")
        }
    }
}
