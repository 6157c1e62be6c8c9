import Documents
import ServiceSupport
import Testing

/// What a job asks of scoring, and what it tells of it.
@Suite struct ScoringTests {
    /// A job over a tenth of the timesteps of the tiny U-Net.
    private static func request(_ world: World, _ pruning: JSON) async throws -> JSON {
        let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
        let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
        return [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset),
            "pruning": pruning.replacing(["ratio": .double(0.5), "batch_size": 2, "timesteps": ["stride": 100]]),
        ]
    }

    private static func metrics(_ world: World, _ request: JSON) async throws -> JSON {
        let id = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
        let job = try await world.finished(id)
        #expect(job.status == "succeeded", "\(job.compact)")
        return try await world.get("/v1/jobs/\(id)/metrics").json
    }

    @Test(arguments: ["fisher", "gauss-newton", "group-fisher"])
    func methodsOfSingleSamplesTakeAllTimesteps(method: String) async throws {
        try await World.with { world in
            let request = try await Self.request(world, ["method": .string(method)])
            let dry = try await world.post("/v1/jobs?dry_run=true", request).json
            #expect(dry.at("request", "pruning", "threshold") == .double(0))
            #expect(try #require(dry.at("seconds", "scoring").double) > 0)
            let metrics = try await Self.metrics(world, request)
            #expect(metrics.at("scoring", "method").text == method && metrics.at("scoring", "kept_timesteps") == 10)
            #expect(metrics.at("scoring", "threshold_choice") == .null)
            for group in metrics["groups"]?.elements ?? [] {
                #expect(group["scores"]?.elements.contains { ($0.double ?? 0) > 0 } == true, "\(group["name"]?.compact ?? "")")
            }
        }
    }

    @Test func theMemoryOfSquaresIsReckonedWith() async throws {
        try await World.with { world in
            var forecasts: [String: JSON] = [:]
            for method in ["fisher", "group-fisher"] {
                let request = try await Self.request(world, ["method": .string(method)])
                forecasts[method] = try await world.post("/v1/jobs?dry_run=true", request).json
            }
            let squares = try #require(forecasts["fisher"]), gates = try #require(forecasts["group-fisher"])
            let parameters = try #require(squares.at("parameters", "before").integer)
            let channels = squares["groups"]?.elements.reduce(0) { $0 + ($1.at("width", "before").integer ?? 0) } ?? 0
            let more = (squares.at("memory", "scoring").integer ?? 0) - (gates.at("memory", "scoring").integer ?? 0)
            #expect(more == 4 * (parameters - channels))
        }
    }

    @Test(arguments: ["diff-pruning", "fisher"]) func aChosenThresholdIsToldWithItsReason(method: String) async throws {
        try await World.with { world in
            let request = try await Self.request(world, ["method": .string(method), "threshold": "auto"])
            let dry = try await world.post("/v1/jobs?dry_run=true", request).json
            #expect(dry.at("request", "pruning", "threshold") == "auto")
            let scoring = try #require(try await Self.metrics(world, request)["scoring"])
            let threshold = try #require(scoring["threshold"]?.double)
            let losses = try #require(scoring["losses"]?.elements)
            #expect(losses.map { $0["timestep"]?.integer } == Array(stride(from: 0, to: 1000, by: 100)))
            let kept = losses.prefix { $0["kept"] == true }.count
            #expect(losses.filter { $0["kept"] == true }.count == kept && scoring["kept_timesteps"]?.integer == kept)
            #expect((threshold == 0) == (kept == losses.count))
            let reason = try #require(scoring["threshold_choice"]?.text)
            #expect(reason.contains(kept == losses.count ? "All 10 timesteps" : "The first \(kept) of 10 timesteps"), "\(reason)")

            // Another job with that number does the same.
            let pruning = try #require(request["pruning"]).replacing(["threshold": .double(threshold)])
            let again = try #require(try await Self.metrics(world, request.replacing(["pruning": pruning]))["scoring"])
            #expect(again["kept_timesteps"]?.integer == kept)
        }
    }
}
