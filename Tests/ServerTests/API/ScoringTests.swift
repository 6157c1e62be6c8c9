import Documents
import Foundation
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

    @Test func jobsThatAskForTheSameShareOnePass() async throws {
        try await World.with { world in
            let request = try await Self.request(world, ["method": "diff-pruning"])
            let first = try await Self.metrics(world, request)
            #expect(first.at("scoring", "reused_from") == .null && (first.at("timing", "scoring").double ?? 0) > 0)
            func metrics(_ more: [String: JSON]) async throws -> JSON {
                let pruning = try #require(request["pruning"])
                return try await Self.metrics(world, request.replacing(["pruning": pruning.replacing(more)]))
            }

            // A dry run knows.
            let dry = try await world.post("/v1/jobs?dry_run=true", request).json
            #expect(dry.at("seconds", "scoring") == .double(0))

            // What is cut, and how, is another matter.
            let other = try await metrics(["ratio": .double(0.25), "widths": "free"])
            #expect(other.at("scoring", "reused_from") == first["job"])
            #expect(other.at("timing", "scoring") == .double(0))
            for field in ["method", "threshold", "max_loss", "kept_timesteps", "losses"] {
                #expect(other.at("scoring", field) == first.at("scoring", field), "\(field)")
            }
            func scores(_ metrics: JSON) -> [JSON?] { metrics["groups"]?.elements.map { $0["scores"] } ?? [] }
            #expect(scores(other) == scores(first) && !scores(first).isEmpty)

            // Whatever the gradients depend on asks for a pass of its own.
            let changes: [[String: JSON]] = [
                ["seed": 1], ["batch_size": 3], ["threshold": "auto"], ["timesteps": ["stride": 90]], ["method": "fisher"],
            ]
            for change in changes {
                #expect(try await metrics(change).at("scoring", "reused_from") == .null, "\(change)")
            }

            // It outlives its job, and goes with the data set.
            let job = try #require(first["job"]?.text)
            #expect(try await world.send("DELETE", "/v1/jobs/\(job)").status == 204)
            #expect(try await metrics(["ratio": .double(0.75)]).at("scoring", "reused_from").text == job)
        }
    }

    @Test func whatWasScoredAndSufferedIsScoredAgain() async throws {
        try await World.with { world in
            let request = try await Self.request(world, ["method": "diff-pruning"])
            let known = Set(try world.filesLeft())
            let first = try await Self.metrics(world, request)
            for file in Set(try world.filesLeft()).subtracting(known) where file.hasPrefix("blobs/") {
                let url = world.folder.appendingPathComponent(file)
                let data = try Data(contentsOf: url)
                if data.starts(with: Data("{\"importance\"".utf8)) { try FileManager.default.removeItem(at: url) }
            }
            let again = try await Self.metrics(world, request)
            #expect(again.at("scoring", "reused_from") == .null && again.at("scoring", "losses") == first.at("scoring", "losses"))
            let third = try await Self.metrics(world, request)
            #expect(third.at("scoring", "reused_from") == again["job"])
        }
    }

    @Test func aPassThatIsReusedGivesTheSameBytes() async throws {
        var digests: [String?] = []
        for ratios in [[0.5], [0.25, 0.5]] {
            try await World.with { world in
                let request = try await Self.request(world, ["method": "diff-pruning", "allocation": "global"])
                let pruning = try #require(request["pruning"])
                var result = ""
                for ratio in ratios {
                    let body = request.replacing(["pruning": pruning.replacing(["ratio": .double(ratio)])])
                    let id = try #require(try await world.post("/v1/jobs", body).json["id"]?.text)
                    result = try #require(try await world.finished(id).at("result", "checkpoint").text)
                }
                let files = try await world.get("/v1/checkpoints/\(result)").json["files"]?.elements ?? []
                digests.append(files.first { $0["path"] == "unet/diffusion_pytorch_model.safetensors" }?["sha256"]?.text)
            }
        }
        #expect(digests.count == 2 && digests[0] != nil && digests[0] == digests[1])
    }
}
