import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// A job whose server dies while pictures become latents goes on with those that were made, and ends as it would have ended.
@Suite struct ResumedEncodingTests {
    private static func request(_ client: APIClient) async throws -> JSON {
        let checkpoint = try await client.upload("/v1/checkpoints", Samples.archive(LatentTests.pipeline()))
        let captions = (0..<300).map { "a photo of cat \($0)" }
        let dataset = try await client.upload("/v1/datasets", LatentTests.pictures(captions))
        return [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset),
            "finetuning": ["steps": 200, "batch_size": 2, "seed": 4], "evaluation": ["samples": 2, "steps": 2, "seed": 5],
        ]
    }

    private static func post(_ client: APIClient, _ request: JSON) async throws -> String {
        let answer = try await client.post("/v1/jobs", request)
        return try #require(answer.json["id"]?.text, "\(answer.detail)")
    }

    /// The result, its samples, and the losses on the way.
    private static func outcome(_ id: String, _ client: APIClient) async throws -> (checkpoint: Data, grid: Data, losses: JSON?) {
        let job = try await client.finished(id)
        #expect(job.status == "succeeded", "\(job.compact)")
        let checkpoint = try await client.get("/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")/content").data
        let grid = try await client.get("/v1/jobs/\(id)/files/samples_after.png").data
        return (checkpoint, grid, try await client.get("/v1/jobs/\(id)/metrics?points=all").json["finetuning"])
    }

    @Test func aJobThatIsKilledWhileItEncodesEndsAsAnUndisturbedOne() async throws {
        let folder = try TemporaryFolder()
        let data = folder.url.appendingPathComponent("data")
        // Saved after each step, which also makes them slow enough to be caught.
        let settings = "save_steps: 1\nthreads: 2"
        var server = try ServerProcess(folder: data, settings: settings)
        let request = try await Self.request(APIClient(base: server.url))
        let expected = try await Self.outcome(Self.post(APIClient(base: server.url), request), APIClient(base: server.url))
        #expect(!expected.checkpoint.isEmpty && !expected.grid.isEmpty && expected.losses != nil)

        let id = try await Self.post(APIClient(base: server.url), request)
        var completed = 0
        for attempt in 1...2 {
            // Some captions are done at first, then all of them and some pictures.
            let wanted = attempt == 1 ? 20 : completed + 250
            let job = try await APIClient(base: server.url).job(id) {
                $0["phase"]?.text == "encoding" && ($0.at("progress", "completed").integer ?? 0) > wanted
            }
            #expect(job["phase"]?.text == "encoding" && job["attempt"]?.integer == attempt, "\(job.compact)")
            completed = job.at("progress", "completed").integer ?? 0
            server.kill()
            server = try ServerProcess(folder: data, settings: settings)
        }
        let client = APIClient(base: server.url)
        let outcome = try await Self.outcome(id, client)
        // Compared by themselves: a difference of megabytes takes minutes to be told.
        let (sameCheckpoint, sameGrid) = (outcome.checkpoint == expected.checkpoint, outcome.grid == expected.grid)
        #expect(sameCheckpoint)
        #expect(sameGrid)
        #expect(outcome.losses == expected.losses)
        #expect(server.terminate() == 0)
        let log = try String(contentsOf: server.log, encoding: .utf8)
        #expect(log.contains("\(id) goes on at encoding "), "\(log)")
    }
}
