import Documents
import Foundation
import ServiceSupport
import Testing

/// What a dry run foretells is what the job then does.
@Suite struct DryRunTests {
    @Test(arguments: ["diffusers", "free"], ["float32", "float16"])
    func aForecastIsWhatTheJobDoes(widths: String, dtype: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let body: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "dtype": .string(dtype),
                "pruning": [
                    "method": "taylor", "ratio": .double(0.5), "widths": .string(widths), "batch_size": 2, "timesteps": ["stride": 400],
                    "allocation": "uniform", "reconstruction": ["samples": 3],
                ],
                "finetuning": ["steps": 2, "batch_size": 2], "evaluation": ["samples": 2, "steps": 2],
            ]
            let dry = try await world.post("/v1/jobs?dry_run=true", body)
            #expect(dry.status == 200, "\(dry.detail)")
            #expect(try await world.get("/v1/jobs").json["data"] == .array([]))
            let forecast = dry.json
            #expect(forecast["is_estimate"] == false)

            let answer = try await world.post("/v1/jobs?dry_run=false", body)
            #expect(answer.status == 201)
            #expect(forecast["request"] == answer.json["request"])
            let id = try #require(answer.json["id"]?.text)
            #expect(try await world.finished(id)["status"]?.text == "succeeded")
            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            for key in ["parameters", "macs", "activation_memory"] { #expect(forecast[key] == metrics[key], "\(key)") }
            let activations = ["before", "after"].map { forecast.at("activation_memory", $0).integer ?? 0 }
            #expect(activations[1] > 0 && activations[1] < activations[0])
            #expect(forecast["groups"]?.elements.map { $0["width"] } == metrics["groups"]?.elements.map { $0["width"] })
            #expect(forecast["groups"]?.elements.map { $0["name"] } == metrics["groups"]?.elements.map { $0["name"] })
            #expect((forecast["block_out_channels"] == .null) == (widths == "free"))

            let result = try await world.get("/v1/jobs/\(id)").json.at("result", "checkpoint").text
            let files = try await world.get("/v1/checkpoints/\(try #require(result))").json["files"]?.elements ?? []
            let weights = try #require(files.first { $0["path"]?.text?.hasSuffix(".safetensors") == true }?["size"]?.integer)
            let before = try await world.get("/v1/checkpoints/\(checkpoint)").json
            let whole = try #require(
                before["files"]?.elements.first { $0["path"]?.text?.hasSuffix(".safetensors") == true }?["size"]?.integer)
            // All but the weights is as large as it was.
            #expect(forecast.at("size", "after").integer == (before["size"]?.integer ?? 0) - whole + weights)
            for phase in ["scoring", "reconstructing", "finetuning", "evaluating", "total"] {
                #expect(try #require(forecast.at("seconds", phase).double) > 0, "\(phase)")
            }
            for phase in ["scoring", "pruning", "reconstructing", "finetuning", "evaluating", "peak"] {
                let bytes = try #require(forecast.at("memory", phase).integer)
                #expect(bytes > 0 && bytes <= forecast.at("memory", "peak").integer ?? 0, "\(phase)")
            }
        }
    }

    /// Nobody has to know how many pictures or timesteps there are; who says a number gets it, or is refused.
    @Test func whatIsLeftOutFits() async throws {
        try await World.with { world in
            let scheduler = #"{"_class_name": "DDPMScheduler", "num_train_timesteps": 40}"#
            let files = try Samples.unet() + [("scheduler_config.json", Array(scheduler.utf8))]
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(files))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(3))
            func body(_ fields: JSON) -> JSON {
                let size = fields["batch_size"] ?? .null
                return [
                    "checkpoint": .string(checkpoint), "dataset": .string(dataset), "pruning": ["batch_size": size],
                    "finetuning": ["steps": 2, "batch_size": size], "evaluation": ["steps": fields["steps"] ?? .null],
                ]
            }
            let fitted = try await world.post("/v1/jobs?dry_run=true", body([:]))
            let request = fitted.json["request"] ?? .null
            #expect(fitted.status == 200, "\(fitted.detail)")
            #expect(request.at("pruning", "batch_size") == 3 && request.at("finetuning", "batch_size") == 3)
            #expect(request.at("evaluation", "steps") == 40)
            let said = try await world.post("/v1/jobs?dry_run=true", body(["batch_size": 4, "steps": 41]))
            for part in ["/pruning/batch_size must be at most 3", "/finetuning/batch_size must be at most 3", "/evaluation/steps"] {
                #expect(said.detail.contains(part), "\(said.detail)")
            }
        }
    }

    /// What a narrower first block means for whoever draws with the result is said before, and with it; a sinusoid that stays needs no word.
    @Test func whatTellsTheTimestepIsSaid() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            for (rule, isTable) in [("table", true), ("sinusoid", false)] {
                let body: JSON = [
                    "checkpoint": .string(checkpoint),
                    "pruning": ["method": "magnitude", "ratio": .double(0.5), "time_embedding": .string(rule)],
                ]
                let dry = try await world.post("/v1/jobs?dry_run=true", body).json
                #expect(dry["warnings"]?.compact.contains("Euler") == isTable, "\(dry["warnings"] ?? .null)")
                let widths = ["before", "after"].map { dry.at("block_out_channels", $0).elements.first?.integer }
                #expect((widths[0] == widths[1]) == !isTable)
                let id = try #require(try await world.post("/v1/jobs", body).json["id"]?.text)
                let result = try #require(try await world.finished(id).at("result", "checkpoint").text)
                let made = try await world.get("/v1/checkpoints/\(result)").json
                #expect(made["warnings"]?.compact.contains("Euler") == isTable, "\(made["warnings"] ?? .null)")
            }
            let wrong: JSON = ["checkpoint": .string(checkpoint), "pruning": ["time_embedding": "fourier"]]
            let refused = try await world.post("/v1/jobs?dry_run=true", wrong)
            #expect(refused.detail.contains("/pruning/time_embedding must be one of \"table\", \"sinusoid\""), "\(refused.detail)")
        }
    }

    /// Shares are known after scoring: the forecast is that of a uniform cut, which takes no fewer multiply-accumulates.
    @Test(arguments: ["diffusers", "free"])
    func aForecastOfSharesByWorthSaysThatItIsAnEstimate(widths: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let pruning: [String: JSON] = ["method": "magnitude", "ratio": .double(0.5), "widths": .string(widths)]
            func body(_ allocation: String) -> JSON {
                let pruning = pruning.merging(["allocation": .string(allocation)]) { $1 }
                return ["checkpoint": .string(checkpoint), "pruning": .object([]).replacing(pruning)]
            }
            let uniform = try await world.post("/v1/jobs?dry_run=true", body("uniform")).json
            let global = try await world.post("/v1/jobs?dry_run=true", body("global")).json
            #expect(uniform["is_estimate"] == false && global["is_estimate"] == true)
            for key in ["groups", "parameters", "macs", "size"] { #expect(global[key] == uniform[key]) }
            let id = try #require(try await world.post("/v1/jobs", body("global")).json["id"]?.text)
            #expect(try await world.finished(id).status == "succeeded")
            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            #expect(metrics.at("macs", "after").integer ?? 0 <= global.at("macs", "after").integer ?? 0)
            #expect(metrics.at("macs", "after").integer ?? 0 > 0)
        }
    }

    @Test func whatIsSkippedHasNoForecastAndWhatIsWrongIsRefused() async throws {
        try await World.with { world in
            let checkpoint = JSON.string(try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet())))
            let body: JSON = ["checkpoint": checkpoint, "pruning": ["method": "magnitude"]]
            let forecast = try await world.post("/v1/jobs?dry_run=true", body).json
            #expect(forecast.at("memory", "scoring") == .null)
            #expect(forecast["seconds"] == ["total": .double(0)])
            #expect(forecast.at("request", "pruning", "ratio") == .double(0.3))
            #expect(try await world.post("/v1/jobs?dry_run=maybe", body).code == "invalid_dry_run")
            #expect(try await world.post("/v1/jobs?dry_run=true", ["checkpoint": checkpoint, "pruning": [:]]).pointers == ["/dataset"])
        }
    }
}
