import Documents
import Foundation
import ServiceSupport
import Testing

/// A limit of memory is kept: by parts of a batch where they fit, by a refusal where nothing does.
@Suite struct MemoryLimitTests {
    private static let body: [JSON.Member] = [
        .init("recipe", "paper"),
        .init("pruning", ["ratio": .double(0.5), "batch_size": 6, "timesteps": ["stride": 400]]),
        .init("finetuning", ["steps": 3, "batch_size": 6]), .init("evaluation", ["samples": 5, "steps": 2]),
    ]

    private static func job(_ world: World) async throws -> (forecast: World.Answer, metrics: JSON?) {
        let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
        let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
        let request = JSON.object([.init("checkpoint", .string(checkpoint)), .init("dataset", .string(dataset))] + body)
        let forecast = try await world.post("/v1/jobs?dry_run=true", request)
        guard forecast.status == 200 else { return (forecast, nil) }
        let id = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
        #expect(try await world.finished(id)["status"]?.text == "succeeded")
        return (forecast, try await world.get("/v1/jobs/\(id)/metrics").json)
    }

    @Test func aJobUnderATightLimitHasTheNumbersOfOneWithoutAny() async throws {
        var runs: [(peak: Int, metrics: JSON)] = []
        // The server's own share is 128 MiB; the second limit leaves the job less than it would take.
        for limit: Int64 in [0, (128 << 20) + (3 << 20)] {
            try await World.with(settings: { $0.memoryLimit = limit }) { world in
                let (forecast, metrics) = try await Self.job(world)
                runs.append((try #require(forecast.json.at("memory", "peak").integer, "\(forecast.detail)"), try #require(metrics)))
            }
        }
        #expect(runs[1].peak <= 3 << 20)
        #expect(runs[0].peak > 3 << 20)
        func losses(_ run: Int, _ phase: String) -> [Double] {
            runs[run].metrics.at(phase, "losses").elements.compactMap { $0["loss"]?.double }
        }
        for phase in ["scoring", "finetuning"] {
            #expect(losses(0, phase).count == 3)
            for (a, b) in zip(losses(0, phase), losses(1, phase)) { #expect(abs(a / b - 1) < 1e-4, "\(phase)") }
        }
        let kept = runs.map { $0.metrics["groups"]?.elements.map { $0["kept"] } }
        #expect(kept[0] == kept[1])
    }

    /// All of its samples are needed at once: where nobody says how many there are as many as fit, by the recipe none where too few do.
    @Test func aReconstructionTakesAsManySamplesAsMemoryHolds() async throws {
        func reconstruction(_ bytes: Int64, _ asked: JSON?) async throws -> (JSON, World.Answer) {
            var result: (JSON, World.Answer)?
            try await World.with(settings: { $0.memoryLimit = (128 << 20) + bytes }) { world in
                let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
                let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
                let pruning = JSON.object([.init("method", "magnitude"), .init("ratio", .double(0.5))])
                let answer = try await world.post(
                    "/v1/jobs?dry_run=true",
                    [
                        "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                        "pruning": asked.map { pruning.adding([.init("reconstruction", $0)]) } ?? pruning,
                    ])
                result = (answer.json.at("request", "pruning", "reconstruction"), answer)
            }
            return try #require(result)
        }
        #expect(try await reconstruction(1 << 30, nil).0["samples"] == 64)
        var (limit, found) = (Int64(64 << 20), JSON.null)
        var seen: [Int?] = []
        while limit > 1 << 18 {
            (found, _) = try await reconstruction(limit, nil)
            seen.append(found["samples"]?.integer)
            limit /= 2
        }
        // Ever fewer, and in the end none.
        #expect(seen.last == .some(nil) && seen.compactMap { $0 } == seen.compactMap { $0 }.sorted(by: >))
        #expect(Set(seen.compactMap { $0 }).isSubset(of: [64, 32, 16, 8, 4]) && Set(seen.compactMap { $0 }).count > 1)
        let (_, refused) = try await reconstruction(limit, [:])
        #expect(refused.status == 422 && refused.pointers.contains("/pruning/reconstruction"))
        #expect(refused.detail.contains("fewer take less"))
    }

    @Test func whatFitsInNoPartsIsRefusedByPhase() async throws {
        try await World.with(settings: { $0.memoryLimit = (128 << 20) + (1 << 18) }) { world in
            let (forecast, _) = try await Self.job(world)
            #expect(forecast.status == 422)
            #expect(forecast.pointers == ["/pruning", "/finetuning", "/evaluation"], "\(forecast.detail)")
        }
    }
}
