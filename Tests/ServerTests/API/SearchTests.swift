import Documents
import ServiceSupport
import Testing

/// Jobs that look for their cut: by the loss after it, or by how long the network takes then.
@Suite struct SearchTests {
    private static func request(_ world: World, _ pruning: JSON) async throws -> JSON {
        let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
        let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
        let scoring: JSON = ["batch_size": 2, "timesteps": ["stride": 250], "reconstruction": ["samples": 8], "widths": "free"]
        guard case .object(let members) = pruning else { return .null }
        return [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset),
            "pruning": members.reduce(scoring) { $0.replacing([$1.name: $1.value]) },
            "evaluation": ["samples": 2, "steps": 2, "seed": 3],
        ]
    }

    /// The metrics of a job that has succeeded.
    private static func metrics(_ world: World, _ request: JSON) async throws -> JSON {
        let answer = try await world.post("/v1/jobs", request)
        let id = try #require(answer.json["id"]?.text, "\(answer.detail)")
        let done = try await world.finished(id)
        #expect(done["status"]?.text == "succeeded", "\(done.compact)")
        return try await world.get("/v1/jobs/\(id)/metrics").json
    }

    /// What was tried, and the one that was chosen: it is what the job made, and its loss is the one that the evaluation finds.
    private static func chosen(_ metrics: JSON) throws -> (trials: [JSON], chosen: JSON) {
        let trials = metrics.at("search", "trials").elements
        let chosen = trials.filter { $0["chosen"] == .bool(true) }
        #expect(chosen.count == 1 && trials.count > 1, "\(trials)")
        let one = try #require(chosen.first)
        #expect(one["macs"] == metrics.at("macs", "after"))
        #expect(metrics.at("search", "macs") == metrics.at("macs", "before"))
        #expect(metrics.at("search", "loss") == metrics.at("evaluation", "loss", "before"))
        #expect(one["loss"] == metrics.at("evaluation", "loss", "pruned"))
        return (trials, one)
    }

    @Test(arguments: [0.02, 0.5])
    func theFurthestCutIsMadeThatTheLossAllows(most: Double) async throws {
        try await World.with { world in
            let metrics = try await Self.metrics(world, Self.request(world, ["target": ["loss_increase": .double(most)]]))
            let (trials, chosen) = try Self.chosen(metrics)
            #expect(metrics.at("search", "rule") == "loss_increase")
            #expect(metrics.at("target", "loss_increase", "limit") == .double(most))
            #expect(metrics.at("target", "loss_increase", "after") == chosen["increase"])
            #expect(try #require(chosen["increase"]?.double) <= most)
            // Of what was tried nothing that is allowed leaves less.
            let left = try #require(chosen["macs"]?.integer)
            for trial in trials where (trial["increase"]?.double ?? .infinity) <= most { #expect((trial["macs"]?.integer ?? 0) >= left) }
        }
    }

    @Test func otherLimitsHoldBesideTheLoss() async throws {
        try await World.with { world in
            let target: JSON = ["loss_increase": 10, "parameters": ["fraction": .double(0.9)]]
            let metrics = try await Self.metrics(world, Self.request(world, ["target": target]))
            let (_, chosen) = try Self.chosen(metrics)
            #expect(
                try #require(metrics.at("target", "parameters", "after").integer) <= metrics.at("target", "parameters", "limit").integer
                    ?? 0)
            #expect(try #require(chosen["increase"]?.double) <= 10)

            let narrow: JSON = ["loss_increase": 0, "macs": ["fraction": .double(0.5)]]
            let request = try await Self.request(world, ["target": narrow, "reconstruction": .null])
            let id = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
            let failed = try await world.finished(id)
            #expect(failed["status"] == "failed" && failed.at("error", "code") == "pruning_impossible", "\(failed.compact)")
            #expect(failed.at("error", "detail").text?.contains("the nearest that can be had is") == true)
            #expect(failed.at("result", "checkpoint") == .null)
        }
    }

    @Test func anAutomaticRatioEndsWhereTheLossBendsUp() async throws {
        try await World.with { world in
            let request = try await Self.request(world, ["ratio": "auto"])
            let dry = try await world.post("/v1/jobs?dry_run=true", request)
            #expect(dry.status == 200 && dry.json["is_estimate"] == .bool(true), "\(dry.detail)")
            #expect(dry.json.at("seconds", "searching").double ?? 0 > 0)
            #expect(dry.json.at("memory", "searching").integer ?? 0 > 0)
            let metrics = try await Self.metrics(world, request)
            let (trials, chosen) = try Self.chosen(metrics)
            #expect(metrics.at("search", "rule") == "auto" && metrics["target"] == .null)
            func product(_ trial: JSON) -> Double { (trial["loss"]?.double ?? .infinity) * Double(trial["macs"]?.integer ?? 0) }
            let wider = trials.filter { ($0["macs"]?.integer ?? 0) > chosen["macs"]?.integer ?? 0 }
            #expect(wider.allSatisfy { product($0) >= product(chosen) })
        }
    }

    @Test func theSecondsOfASampleAreMeasured() async throws {
        try await World.with { world in
            // More than it takes on any machine, as how fast this one is nobody knows.
            let target: JSON = ["seconds_per_sample": 100_000, "macs": ["fraction": .double(0.8)]]
            let metrics = try await Self.metrics(world, Self.request(world, ["method": "magnitude", "target": target]))
            #expect(try #require(metrics.at("target", "macs", "after").integer) <= metrics.at("target", "macs", "limit").integer ?? 0)
            for figure in ["limit", "before", "after"] { #expect(metrics.at("target", "seconds_per_sample", figure).double ?? 0 > 0) }

            // A microsecond is less than any network takes.
            let request = try await Self.request(world, ["method": "magnitude", "target": ["seconds_per_sample": .double(0.000001)]])
            let id = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
            let failed = try await world.finished(id)
            #expect(failed["status"] == "failed" && failed.at("error", "code") == "pruning_impossible", "\(failed.compact)")
            #expect(failed.at("error", "detail").text?.contains("seconds_per_sample cannot be met") == true)
        }
    }

    @Test func theLossNeedsPicturesAndWeights() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let pruning: JSON = ["method": "magnitude", "ratio": "auto"]
            let bare = try await world.post("/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": pruning])
            #expect(bare.status == 422 && bare.json["errors"]?.elements.first?["pointer"] == "/dataset", "\(bare.detail)")
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let scratch = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                    "pruning": ["method": "scratch", "target": ["loss_increase": .double(0.1)]],
                ])
            #expect(scratch.status == 422 && scratch.json["errors"]?.elements.first?["pointer"] == "/pruning/target", "\(scratch.detail)")
        }
    }
}
