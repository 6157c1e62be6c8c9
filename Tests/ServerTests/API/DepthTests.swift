import Documents
import Foundation
import ServiceSupport
import Testing

/// Cuts that leave out layers.
@Suite struct DepthTests {
    /// The second layer of every block, which is the middle one going up.
    private static let modules = [
        "down_blocks.0.resnets.1", "down_blocks.1.attentions.1", "down_blocks.1.resnets.1", "down_blocks.2.resnets.1",
        "up_blocks.0.resnets.1", "up_blocks.1.attentions.1", "up_blocks.1.resnets.1", "up_blocks.2.resnets.1",
    ]

    /// A service with the tiny U-Net and six pictures.
    private struct Place {
        let world: World
        let checkpoint: String
        let dataset: String

        init(_ world: World) async throws {
            self.world = world
            checkpoint = try await world.upload("/v1/checkpoints?name=tiny", Samples.archive(Samples.unet()))
            dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
        }

        func request(_ checkpoint: String, _ fields: [String: JSON]) -> JSON {
            JSON.object([.init("checkpoint", .string(checkpoint)), .init("dataset", .string(dataset))]).replacing(fields)
        }

        /// Posts a job and waits for its end; with its metrics.
        func run(_ request: JSON) async throws -> (job: JSON, metrics: JSON) {
            let answer = try await world.post("/v1/jobs", request)
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            #expect(job["status"]?.text == "succeeded", "\(job.compact)")
            return (job, try await world.get("/v1/jobs/\(job["id"]?.text ?? "")/metrics?points=all").json)
        }

        /// A plan that leaves out these modules and halves what stays.
        func plan(without modules: [String]) async throws -> JSON {
            let pruning: JSON = ["method": "magnitude", "ratio": .double(0.5), "widths": "free", "reconstruction": .null]
            let (job, _) = try await run(request(checkpoint, ["pruning": pruning]))
            let plan = try await world.get("/v1/jobs/\(job["id"]?.text ?? "")/plan").json
            let groups = (plan["groups"]?.elements ?? []).map { group -> JSON in
                let members = group["members"]?.elements ?? []
                let isGone = members.allSatisfy { member in modules.contains { member["parameter"]?.text?.hasPrefix("\($0).") == true } }
                return isGone ? group.replacing(["kept": []]) : group
            }
            return plan.replacing(["groups": .array(groups)])
        }
    }

    @Test func aPlanLeavesOutLayersAndWhatIsLeftImitatesTheWhole() async throws {
        try await World.with { world in
            let place = try await Place(world)
            let plan = try await place.plan(without: Self.modules)
            let finetuning: JSON = [
                "steps": 3, "batch_size": 2, "distillation": ["output": 1, "features": .double(0.5), "task": .double(2.5)],
            ]
            let request = place.request(
                place.checkpoint, ["pruning": ["plan": plan, "reconstruction": ["samples": 4]], "finetuning": finetuning])
            let dry = try await world.post("/v1/jobs?dry_run=true", request)
            #expect(dry.status == 200, "\(dry.detail)")
            let (job, metrics) = try await place.run(request)
            #expect(metrics["left_out"] == .array(Self.modules.map(JSON.string)))
            #expect(dry.json["parameters"] == metrics["parameters"] && dry.json["macs"] == metrics["macs"])
            let widths = (metrics["groups"]?.elements ?? []).map { $0["width"] ?? .null }
            #expect((dry.json["groups"]?.elements ?? []).map { $0["width"] ?? .null } == widths)
            #expect(widths.contains { $0["after"] == 0 })
            let losses = metrics.at("finetuning", "losses").elements
            #expect(losses.count == 3 && losses.allSatisfy { ($0["features"]?.double ?? 0) > 0 })

            let result = try #require(job.at("result", "checkpoint").text)
            let config = try JSON(parsing: Array(await world.get("/v1/checkpoints/\(result)/files/unet/config.json").data))
            #expect(config["layers_per_block"] == 1)

            // Another job knows whose it was, and which of its blocks gives what.
            let later = place.request(result, ["pruning": .null, "finetuning": finetuning])
            #expect(try await place.run(later).metrics.at("finetuning", "losses").elements.count == 3)

            // The plan of a cut is that cut.
            let again = try await world.get("/v1/jobs/\(job["id"]?.text ?? "")/plan").json
            #expect(again["groups"]?.elements.map { $0["kept"] } == metrics["groups"]?.elements.map { $0["kept"] })
            let twice = place.request(place.checkpoint, ["pruning": ["plan": again, "reconstruction": .null]])
            #expect(try await world.post("/v1/jobs?dry_run=true", twice).json["parameters"] == metrics["parameters"])
        }
    }

    @Test func aTargetMayTakeLayersUnlessItIsToldOtherwise() async throws {
        try await World.with { world in
            let place = try await Place(world)
            var lost: [Double] = []
            for depth in [nil, false] as [Bool?] {
                let pruning = JSON.object([
                    .init("method", "taylor"), .init("target", ["macs": ["fraction": .double(0.5)]]), .init("timesteps", ["stride": 250]),
                    .init("batch_size", 2), .init("reconstruction", .null),
                ]).replacing(depth.map { ["depth": .bool($0)] } ?? [:])
                let (job, metrics) = try await place.run(place.request(place.checkpoint, ["pruning": pruning]))
                #expect(job["request"]?["pruning"]?["depth"] == .bool(depth ?? true))
                lost.append(try #require(metrics.at("prediction", "importance_lost").double))
                if depth == false { #expect(metrics["left_out"] == .array([])) }
            }
            #expect(lost[0] > 0 && lost[0] <= lost[1] && lost[1] < 1)
        }
    }

    @Test func layersAreRefusedWhereNothingSaysWhatTheyAreWorth() async throws {
        try await World.with { world in
            let place = try await Place(world)
            for (pruning, words) in [
                (["ratio": .double(0.3), "depth": true], "needs a target"),
                (["method": "magnitude", "target": ["macs": ["fraction": .double(0.5)]], "depth": true], "what layers are worth"),
            ] as [(JSON, String)] {
                let answer = try await world.post("/v1/jobs", place.request(place.checkpoint, ["pruning": pruning]))
                #expect(answer.status == 422)
                let errors = answer.json["errors"]?.elements ?? []
                #expect(errors.map { $0["pointer"] } == ["/pruning/depth"] && errors[0]["detail"]?.text?.contains(words) == true)
            }
            let partial = try await place.plan(without: ["down_blocks.0.resnets.1"])
            let answer = try await world.post("/v1/jobs", place.request(place.checkpoint, ["pruning": ["plan": partial]]))
            #expect(answer.status == 422 && answer.detail.contains("as many layers must go of every block"), "\(answer.detail)")
        }
    }
}
