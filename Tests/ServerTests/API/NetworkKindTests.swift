import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// The kinds of networks and schedules that people have, through the API: what can be done with each, and what is said where it cannot.
@Suite struct NetworkKindTests {
    private func magnitude(_ checkpoint: String, _ widths: String, dataset: String? = nil) -> JSON {
        [
            "checkpoint": .string(checkpoint), "dataset": .optional(dataset), "recipe": "paper",
            "pruning": ["method": "magnitude", "ratio": .double(0.5), "widths": .string(widths)],
        ]
    }

    @Test(arguments: [("classes", "diffusers"), ("class_times", "free"), ("class_vectors", "free"), ("skips", "free")])
    func networksThatAreToldMoreArePrunedWithoutPictures(name: String, widths: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet(name)))
            let before = try await world.get("/v1/checkpoints/\(checkpoint)").json
            let job = try await world.post("/v1/jobs", magnitude(checkpoint, widths))
            try #require(job.status == 201, "\(job.detail)")
            let ended = try await world.finished(try #require(job.json["id"]?.text))
            let result = try #require(ended["result"]?["checkpoint"]?.text, "\(ended.compact)")
            let after = try await world.get("/v1/checkpoints/\(result)").json
            #expect(try #require(after["parameters"]?.integer) < (try #require(before["parameters"]?.integer)))

            guard name != "classes" else { return }
            let refused = try await world.post(
                "/v1/jobs", ["checkpoint": .string(checkpoint), "evaluation": ["steps": 2, "samples": 1]])
            #expect(refused.status == 422 && refused.detail.contains("cannot be run as a predictor of noise: it"), "\(refused.detail)")
        }
    }

    @Test(arguments: ["v_prediction", "sample"])
    func networksOfOtherPredictionsGoThroughAWholeJob(prediction: String) async throws {
        try await World.with { world in
            let scheduler = #"{"_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 20, "prediction_type": "\#(prediction)"}"#
            let files = try Samples.unet("ldm") + [("scheduler_config.json", Array(scheduler.utf8))]
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(files))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6, width: 8, height: 8))
            let job = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                    "pruning": ["ratio": .double(0.3), "widths": "free", "batch_size": 4], "finetuning": ["steps": 2, "batch_size": 4],
                    "evaluation": ["steps": 4, "samples": 2],
                ])
            try #require(job.status == 201, "\(job.detail)")
            let id = try #require(job.json["id"]?.text)
            let ended = try await world.finished(id)
            #expect(ended["status"]?.text == "succeeded", "\(ended.compact)")
            #expect(try await world.get("/v1/jobs/\(id)/metrics").json["evaluation"]?["loss"]?["after"]?.double != nil)
            let result = try #require(ended["result"]?["checkpoint"]?.text)
            let kept = try await world.get("/v1/checkpoints/\(result)/files/scheduler/scheduler_config.json")
            #expect(kept.data == Data(scheduler.utf8))
        }
    }

    @Test func variancesBesideTheNoiseGoWithASchedulerThatAsksForThem() async throws {
        try await World.with { world in
            func uploaded(_ channels: Int, _ variance: String) async throws -> String {
                let scheduler = #"{"_class_name": "DDPMScheduler", "num_train_timesteps": 20, "variance_type": "\#(variance)"}"#
                let files = [
                    ("config.json", try Samples.config(["out_channels": .integer(channels)])),
                    ("scheduler_config.json", Array(scheduler.utf8)),
                ]
                return try await world.upload("/v1/checkpoints?init=random", Samples.archive(files))
            }
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            func posted(_ checkpoint: String) async throws -> World.Answer {
                try await world.post(
                    "/v1/jobs",
                    [
                        "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                        "pruning": ["ratio": .double(0.3), "widths": "free", "batch_size": 4],
                        "finetuning": ["steps": 2, "batch_size": 4], "evaluation": ["steps": 4, "samples": 2, "sampler": "ddpm"],
                    ])
            }
            let job = try await posted(uploaded(6, "learned_range"))
            try #require(job.status == 201, "\(job.detail)")
            let ended = try await world.finished(try #require(job.json["id"]?.text))
            #expect(ended["status"]?.text == "succeeded", "\(ended.compact)")
            let unasked = try await posted(uploaded(6, "fixed_small"))
            #expect(unasked.status == 422 && unasked.detail.contains("twice as many channels"), "\(unasked.detail)")
            let ungiven = try await posted(uploaded(3, "learned"))
            #expect(ungiven.status == 422 && ungiven.detail.contains("asks for a variance"), "\(ungiven.detail)")
        }
    }

    @Test func schedulersWithoutBetasServeNoPhaseWithPictures() async throws {
        try await World.with { world in
            let scheduler = #"{"_class_name": "CMStochasticIterativeScheduler", "num_train_timesteps": 40, "sigma_max": 80.0}"#
            let files = try Samples.unet("ldm") + [("scheduler_config.json", Array(scheduler.utf8))]
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(files))
            let refused = try await world.post(
                "/v1/jobs", ["checkpoint": .string(checkpoint), "evaluation": ["steps": 2, "samples": 1]])
            #expect(refused.status == 422 && refused.detail.contains("noise levels or flows"), "\(refused.detail)")
            let narrow = try await world.post("/v1/jobs", magnitude(checkpoint, "diffusers"))
            #expect(narrow.status == 422 && narrow.detail.contains("choose free widths"), "\(narrow.detail)")
            #expect(try await world.post("/v1/jobs", magnitude(checkpoint, "free")).status == 201)
        }
    }

    @Test func whatSizeOfSamplesIsSaidBesideAConfigurationThatHasNone() async throws {
        try await World.with { world in
            let whole = try JSON(parsing: Samples.bytes("unet/oblong/config.json"))
            let config = Array(whole.replacing(["sample_size": nil]).compact.utf8)
            let files = [("unet/config.json", config), ("unet/w.safetensors", try Samples.bytes("unet/oblong/weights.safetensors"))]
            func sent(_ query: String, _ files: [(String, [UInt8])]) async throws -> World.Answer {
                try await world.send("POST", "/v1/checkpoints\(query)", body: Samples.archive(files))
            }
            let missing = try await sent("", files)
            #expect(missing.status == 422 && missing.detail.contains("?sample_size=64"), "\(missing.detail)")
            let answer = try await sent("?sample_size=16x8", files)
            try #require(answer.status == 201, "\(answer.detail)")
            #expect(answer.json["sample_shape"] == [2, 16, 8])
            #expect(answer.json["warnings"]?.elements.contains { $0["detail"]?.text?.contains("sample_size is 16x8") == true } == true)
            let stored = try await world.get("/v1/checkpoints/\(try #require(answer.json["id"]?.text))/files/unet/config.json").json
            #expect(stored["sample_size"] == [16, 8])
            #expect(try await sent("?sample_size=16", files).json["sample_shape"] == [2, 16, 16])
            for wrong in ["0", "16x", "x8", "016", "16x8x3", "sixteen", "-16", "99999999999999999999"] {
                #expect(try await sent("?sample_size=\(wrong)", files).code == "invalid_sample_size", "\(wrong)")
            }
            let twice = try await sent("?sample_size=16", Samples.unet("oblong"))
            #expect(twice.status == 422 && twice.detail.contains("sample_size is [16,8]"), "\(twice.detail)")
        }
    }
}
