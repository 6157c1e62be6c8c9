import Documents
import Foundation
import ServiceSupport
import Storage
import TestSupport
import Testing

/// A job whose server dies or is stopped goes on where it stood, and ends as it would have ended.
@Suite struct ResumedJobTests {
    /// Everything that a job leaves, without what a clock, a name or the process decides.
    private struct Outcome {
        private let checkpoints: [Data]
        private let grids: [Data]
        private let metrics: JSON

        /// The names of what differs.
        func differences(to other: Outcome) -> [String] {
            let sections = metrics.names.filter { metrics[$0] != other.metrics[$0] }
            return (checkpoints == other.checkpoints ? [] : ["checkpoints"]) + (grids == other.grids ? [] : ["grids"]) + sections
        }

        init(_ id: String, _ client: APIClient) async throws {
            let job = try await client.finished(id)
            #expect(job.status == "succeeded", "\(job.compact)")
            var checkpoints: [Data] = []
            for stage in ["checkpoint", "pruned_checkpoint"] {
                checkpoints.append(try await client.get("/v1/checkpoints/\(job.at("result", stage).text ?? "")/content").data)
            }
            var grids: [Data] = []
            for name in ["samples_before.png", "samples_pruned.png", "samples_after.png", "samples.tar", "statistics.npz"] {
                grids.append(try await client.get("/v1/jobs/\(id)/files/\(name)").data)
            }
            #expect(checkpoints.allSatisfy { !$0.isEmpty } && checkpoints[0] != checkpoints[1])
            self.checkpoints = checkpoints
            self.grids = grids
            let metrics = try await client.get("/v1/jobs/\(id)/metrics?points=all").json
            #expect(Set(["scoring", "pruning", "reconstructing", "finetuning", "evaluating"]).isSubset(of: metrics["timing"]?.names ?? []))
            let evaluation = (metrics["evaluation"] ?? .null).replacing(["seconds_per_sample": .null])
            self.metrics = metrics.replacing(["job": .null, "timing": .null, "peak_memory": .null, "evaluation": evaluation])
        }
    }

    /// Uploads what the jobs need.
    private static func request(_ client: APIClient) async throws -> JSON {
        let checkpoint = try await client.upload("/v1/checkpoints?name=tiny", Samples.archive(Samples.unet()))
        let dataset = try await client.upload("/v1/datasets", Samples.pictures(6))
        // Long enough to be caught in each phase.
        return [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset),
            "pruning": [
                "ratio": .double(0.5), "threshold": 0, "timesteps": ["stride": 4], "batch_size": 2, "seed": 3,
                "reconstruction": ["samples": 600, "seed": 6],
            ],
            "finetuning": ["steps": 250, "batch_size": 2, "seed": 4, "distillation": ["output": 1, "features": 1, "task": 1]],
            "evaluation": [
                "samples": 4, "steps": 400, "sampler": "ddpm", "seed": 5, "metrics": ["ssim", "mse", "mind", "kid", "frechet"],
                "keep_samples": true,
            ],
        ]
    }

    private static func post(_ client: APIClient, _ request: JSON) async throws -> String {
        let answer = try await client.post("/v1/jobs", request)
        return try #require(answer.json["id"]?.text, "\(answer.detail)")
    }

    private static func folder(_ body: (URL) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await body(folder.url.appendingPathComponent("data"))
    }

    private static let settings = "save_steps: 5\nthreads: 2"

    /// The same job undisturbed, and disturbed in one way after the other: each takes longer than all that a server does beside it.
    @Test func aJobThatIsDisturbedEndsAsAnUndisturbedOne() async throws {
        try await Self.folder { folder in
            let undisturbed = try ServerProcess(folder: folder, settings: "threads: 2")
            let client = APIClient(base: undisturbed.url)
            let request = try await Self.request(client)
            let expected = try await Outcome(try await Self.post(client, request), client)
            undisturbed.kill()

            for disturb in [Self.killInEveryPhase, Self.askTheServerToEnd, Self.pause] {
                try Self.forgetScores(folder)
                try await disturb(folder, request, expected)
            }
        }
    }

    /// The next job is to score by itself.
    private static func forgetScores(_ folder: URL) throws { try Database(folder: folder).execute("DELETE FROM calibrations") }

    private static func killInEveryPhase(_ folder: URL, _ request: JSON, _ expected: Outcome) async throws {
        try await kill(in: ["scoring", "reconstructing", "finetuning", "evaluating"], folder, request, expected)
    }

    private static func kill(in phases: [String], _ folder: URL, _ request: JSON, _ expected: Outcome) async throws {
        var server = try ServerProcess(folder: folder, settings: settings)
        let id = try await post(APIClient(base: server.url), request)
        for (attempt, phase) in phases.enumerated() {
            let job = try await APIClient(base: server.url).job(id) {
                $0["phase"]?.text == phase && ($0.at("progress", "completed").integer ?? 0) > 10
            }
            #expect(job["phase"]?.text == phase && job["attempt"]?.integer == attempt + 1, "\(job.compact)")
            server.kill()
            server = try ServerProcess(folder: folder, settings: settings)
        }
        let outcome = try await Outcome(id, APIClient(base: server.url))
        #expect(outcome.differences(to: expected) == [])
        #expect(try await APIClient(base: server.url).get("/v1/jobs/\(id)").json["attempt"]?.integer == phases.count + 1)
        #expect(server.terminate() == 0)
        let log = try String(contentsOf: server.log, encoding: .utf8)
        // What a reconstruction has done is done again.
        for phase in phases where phase != "reconstructing" { #expect(log.contains("\(id) goes on at \(phase) "), "\(log)") }
    }

    /// An autoencoder's points of scoring are batches of pictures.
    @Test func anAutoencodersJobGoesOn() async throws {
        try await Self.folder { folder in
            let undisturbed = try ServerProcess(folder: folder, settings: "threads: 2")
            let client = APIClient(base: undisturbed.url)
            let files = try ["config.json": "config.json", "diffusion_pytorch_model.safetensors": "weights.safetensors"].map {
                ($0.key, try Samples.bytes("autoencoder/kl/\($0.value)"))
            }
            let request: JSON = [
                "checkpoint": .string(try await client.upload("/v1/checkpoints?name=kl", Samples.archive(files))),
                "dataset": .string(try await client.upload("/v1/datasets", Samples.pictures(400, width: 32, height: 32))),
                "pruning": ["ratio": .double(0.5), "method": "fisher", "batch_size": 1, "samples": 400, "reconstruction": ["samples": 32]],
                "finetuning": ["steps": 250, "batch_size": 2, "seed": 4, "distillation": ["output": 1, "features": 1, "task": 1]],
                "evaluation": ["samples": 4],
            ]
            let expected = try await Outcome(try await Self.post(client, request), client)
            undisturbed.kill()
            try Self.forgetScores(folder)
            try await Self.kill(in: ["scoring", "finetuning"], folder, request, expected)
        }
    }

    /// A generator's points of scoring are batches of noise, and what it is trained by is drawn anew.
    @Test func aGeneratorsJobGoesOn() async throws {
        try await Self.folder { folder in
            let undisturbed = try ServerProcess(folder: folder, settings: "threads: 2")
            let client = APIClient(base: undisturbed.url)
            let request: JSON = [
                "checkpoint": .string(try await client.upload("/v1/checkpoints", Data(GeneratorTests.weights(widths: [48, 40])))),
                "pruning": ["ratio": .double(0.5), "batch_size": 1, "samples": 600, "reconstruction": ["samples": 32]],
                "finetuning": ["steps": 400, "batch_size": 8, "seed": 4], "evaluation": ["samples": 1100],
            ]
            let expected = try await Outcome(try await Self.post(client, request), client)
            undisturbed.kill()
            try Self.forgetScores(folder)
            try await Self.kill(in: ["scoring", "finetuning"], folder, request, expected)
        }
    }

    /// A job that looks for its cut does not try again what it tried.
    @Test func aSearchGoesOn() async throws {
        try await Self.folder { folder in
            var server = try ServerProcess(folder: folder, settings: "save_steps: 1\nthreads: 2")
            var client = APIClient(base: server.url)
            let whole = try await Self.request(client)
            let request: JSON = [
                "checkpoint": whole["checkpoint"] ?? .null, "dataset": whole["dataset"] ?? .null,
                "pruning": [
                    "method": "magnitude", "widths": "free", "target": ["loss_increase": .double(0.05)],
                    "reconstruction": ["samples": 600, "seed": 6],
                ],
            ]
            func outcome(_ id: String) async throws -> (tar: Data, search: JSON) {
                let job = try await client.finished(id)
                #expect(job.status == "succeeded", "\(job.compact)")
                let tar = try await client.get(
                    "/v1/checkpoints/\(job.at("result", "checkpoint").text ?? "")/files/unet/diffusion_pytorch_model.safetensors")
                return (tar.data, try await client.get("/v1/jobs/\(id)/metrics").json["search"] ?? .null)
            }
            let expected = try await outcome(Self.post(client, request))
            #expect(!expected.tar.isEmpty && expected.search != .null)
            let id = try await Self.post(client, request)
            let job = try await client.job(id) {
                $0["phase"]?.text == "searching" && ($0.at("progress", "completed").integer ?? 0) > 2
            }
            #expect(job["phase"]?.text == "searching", "\(job.compact)")
            server.kill()
            server = try ServerProcess(folder: folder, settings: "threads: 2")
            client = APIClient(base: server.url)
            #expect(try await outcome(id) == expected)
            #expect(try String(contentsOf: server.log, encoding: .utf8).contains("\(id) goes on at searching "))
            #expect(server.terminate() == 0)
        }
    }

    /// A server that is asked to end saves its job and exits cleanly.
    private static func askTheServerToEnd(_ folder: URL, _ request: JSON, _ expected: Outcome) async throws {
        // So rarely that no save but the one at the end comes about.
        let settings = "save_steps: 1000000\nthreads: 2"
        var server = try ServerProcess(folder: folder, settings: settings)
        let id = try await post(APIClient(base: server.url), request)
        for phase in ["scoring", "finetuning"] {
            let job = try await APIClient(base: server.url).job(id) {
                $0["phase"]?.text == phase && ($0.at("progress", "completed").integer ?? 0) > 10
            }
            #expect(job["phase"]?.text == phase && job["attempt"]?.integer == 1, "\(job.compact)")
            #expect(server.terminate() == 0)
            server = try ServerProcess(folder: folder, settings: settings)
        }
        #expect(try await Outcome(id, APIClient(base: server.url)).differences(to: expected) == [])
        #expect(try await APIClient(base: server.url).get("/v1/jobs/\(id)").json["attempt"]?.integer == 1)
        #expect(server.terminate() == 0)
    }

    private static func pause(_ folder: URL, _ request: JSON, _ expected: Outcome) async throws {
        let server = try ServerProcess(folder: folder, settings: "threads: 2")
        let client = APIClient(base: server.url)
        let id = try await post(client, request)
        for phase in ["scoring", "finetuning"] {
            _ = try await client.job(id) { $0["phase"]?.text == phase && ($0.at("progress", "completed").integer ?? 0) > 10 }
            #expect(try await client.send("POST", "/v1/jobs/\(id)/pause").status == 202)
            let job = try await client.job(id) { $0.status == "paused" }
            #expect(job.status == "paused" && job.at("progress", "phase").text == phase, "\(job.compact)")
            #expect(job.at("progress", "completed").integer ?? 0 > 10)
            #expect(try await client.send("POST", "/v1/jobs/\(id)/resume").status == 202)
        }
        #expect(try await Outcome(id, client).differences(to: expected) == [])
        #expect(try await client.send("POST", "/v1/jobs/\(id)/pause").code == "wrong_state")
        #expect(try await client.send("POST", "/v1/jobs/\(id)/resume").status == 409)
        // The one that was uploaded, and two results of each of four jobs.
        #expect(try await client.get("/v1/checkpoints?limit=100").json["data"]?.elements.count == 9)
    }
}

extension JSON {
    /// An object's names.
    fileprivate var names: [String] { if case .object(let members) = self { members.map(\.name) } else { [] } }
}
