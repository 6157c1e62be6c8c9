import Documents
import Foundation
import ServiceSupport
import Testing

/// Every answer with `warnings` has them in one form, and a job tells what is to be known of it wherever it is shown.
@Suite struct WarningTests {
    private static func codes(_ object: JSON?) -> [String] { object?["warnings"]?.elements.compactMap { $0["code"]?.text } ?? [] }

    private static func body(_ checkpoint: String, _ dataset: String?, _ fields: JSON) -> JSON {
        guard case .object(let members) = fields else { return fields }
        return JSON.object([.init("checkpoint", .string(checkpoint)), .init("dataset", dataset.map(JSON.string) ?? .null)]).adding(members)
    }

    @Test func aJobThatGoesByNothingDoubtfulHasNone() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let body = Self.body(checkpoint, nil, ["pruning": ["method": "magnitude", "ratio": .double(0.5), "widths": "free"]])
            let job = try await world.post("/v1/jobs", body).json
            #expect(job["warnings"] == [], "\(job.compact)")
            #expect(try await world.finished(try #require(job["id"]?.text))["warnings"] == [])
        }
    }

    @Test func whatIsKnownBeforehandIsToldByADryRunAndByTheJob() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(3))
            #expect(Self.codes(try await world.get("/v1/checkpoints/\(checkpoint)").json) == ["assumed_schedule"])
            let body = Self.body(
                checkpoint, dataset,
                [
                    "pruning": ["ratio": .double(0.3), "method": "taylor", "timesteps": ["stride": 500], "allocation": "uniform"],
                    "finetuning": ["steps": 2], "evaluation": ["samples": 1, "steps": 1],
                ])
            let dry = try await world.post("/v1/jobs?dry_run=true", body).json
            let known = [
                "batch_lowered", "batch_lowered", "ratio_not_met", "few_training_pictures", "few_held_out_pictures", "assumed_schedule",
            ]
            #expect(Self.codes(dry) == known, "\(dry["warnings"] ?? .null)")
            let details = dry["warnings"]?.elements.compactMap { $0["detail"]?.text } ?? []
            #expect(details.contains { $0.hasPrefix("the batch of scoring is 3, as there are no more pictures") }, "\(details)")
            #expect(details.contains { $0.hasPrefix("the checkpoint: no scheduler_config.json was sent") }, "\(details)")

            let job = try await world.post("/v1/jobs", body).json
            #expect(job["warnings"] == dry["warnings"])
            let id = try #require(job["id"]?.text)
            let ended = try await world.finished(id)
            #expect(Array(Self.codes(ended).prefix(known.count)) == known, "\(ended["warnings"] ?? .null)")
            // What is made of a network goes by what was assumed of it.
            let result = try #require(ended.at("result", "checkpoint").text)
            #expect(Self.codes(try await world.get("/v1/checkpoints/\(result)").json).contains("assumed_schedule"))
            let manifest = try await world.get("/v1/checkpoints/\(result)/files/manifest.json").json
            #expect(Self.codes(manifest).contains("assumed_schedule"), "\(manifest.compact)")
        }
    }

    @Test func aFineTuningThatDivergedIsToldWhereverItsJobIsShown() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(20))
            let body = Self.body(
                checkpoint, dataset,
                [
                    "finetuning": [
                        "steps": 40, "batch_size": 4, "learning_rate": 10, "warmup_steps": 40, "schedule": "constant", "ema_decay": 0,
                        "optimizer": "adamw",
                    ],
                    "evaluation": ["samples": 1, "steps": 1],
                ])
            let job = try await world.post("/v1/jobs", body)
            let id = try #require(job.json["id"]?.text, "\(job.detail)")
            let ended = try await world.finished(id)
            #expect(ended["status"] == "succeeded", "\(ended.compact)")
            #expect(Self.codes(ended) == ["few_training_pictures", "assumed_schedule", "finetuning_diverged", "held_out_loss_rose"])
            #expect(try await world.get("/v1/jobs").json["data"]?.elements.first?["warnings"] == ended["warnings"])
            let result = try #require(ended.at("result", "checkpoint").text)
            #expect(Self.codes(try await world.get("/v1/checkpoints/\(result)").json) == ["assumed_schedule", "finetuning_diverged"])
            let report = String(decoding: try await world.get("/v1/jobs/\(id)/report.html").data, as: UTF8.self)
            let isReported = report.contains("\"code\":\"finetuning_diverged\"")
            #expect(isReported)
            try await world.restart()
            #expect(try await world.get("/v1/jobs/\(id)").json["warnings"] == ended["warnings"])
        }
    }
}
