import Documents
import Foundation
import ServiceSupport
import Storage
import TestSupport
import Testing

/// A disk that is full or broken: what cannot be kept is refused, nothing of it is left, and the server goes on.
@Suite(.serialized, .enabled(if: Strace.isAvailable, "strace is not installed: disk faults are not injected"))
struct FaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let calls: String
        let error: String
        /// What uploads are answered with, and what jobs are, which SQLite alone stores.
        let upload: [Int]
        let job: [Int]
        var testDescription: String { "\(calls) \(error)" }
    }

    // Blobs are written with write and fsync, SQLite's log with pwrite64 and fdatasync.
    static let faults = [
        Fault(calls: "write", error: "ENOSPC", upload: [507], job: [201]), Fault(calls: "write", error: "EIO", upload: [500], job: [201]),
        Fault(calls: "fsync", error: "ENOSPC", upload: [507], job: [201]), Fault(calls: "fsync", error: "EIO", upload: [500], job: [201]),
        Fault(calls: "pwrite64", error: "ENOSPC", upload: [507], job: [507]),
        Fault(calls: "pwrite64", error: "EIO", upload: [500], job: [500]),
        Fault(calls: "fdatasync", error: "ENOSPC", upload: [500, 507], job: [500, 507]),
        Fault(calls: "fdatasync", error: "EIO", upload: [500], job: [500]),
        Fault(calls: "rename", error: "EIO", upload: [500], job: [201]),
    ]

    /// The identifiers of what there is.
    private static func ids(_ client: APIClient) async throws -> [String] {
        var ids: [String] = []
        for kind in ["checkpoints", "datasets", "jobs"] {
            ids += try await client.get("/v1/\(kind)?limit=100").json["data"]?.elements.compactMap { $0["id"]?.text } ?? []
        }
        return ids.sorted()
    }

    @Test(arguments: faults)
    func whatTheDiskDoesNotTakeIsRefused(fault: Fault) async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appendingPathComponent("data")
        var server = try ServerProcess(folder: folder, settings: "threads: 1")
        var client = APIClient(base: server.url)
        let checkpoint = try await client.upload("/v1/checkpoints", Samples.archive(Samples.unet("learned")))
        var expected = try await Self.ids(client)
        let begun = try await client.send("POST", "/v1/uploads", headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "\(6 << 20)"])
        let upload = try client.location(begun)

        let strace = try Strace(server, failing: fault.calls, with: fault.error)
        let weights = try Samples.archive(Samples.unet("scale_shift"))
        let pictures = try Samples.pictures(3)
        // Large enough to be taken apart as it comes, and written by threads of its own.
        let large = try Samples.archive(Samples.unet("scale_shift") + [("vqvae/weights.bin", [UInt8](repeating: 7, count: 6 << 20))])
        for (path, body) in [("/v1/checkpoints", weights), ("/v1/datasets", pictures), ("/v1/checkpoints", large)] {
            let answer = try await client.send("POST", path, body: body)
            #expect(fault.upload.contains(answer.status), "\(path) \(answer.status) \(answer.detail)")
        }
        if fault.calls != "rename" {
            let answer = try await client.send(
                "PATCH", upload, body: Data(count: 6 << 20), type: "application/offset+octet-stream",
                headers: ["Tus-Resumable": "1.0.0", "Upload-Offset": "0"])
            #expect(fault.upload.contains(answer.status), "\(answer.status) \(answer.detail)")
        }
        let posted = try await client.post("/v1/jobs", ["checkpoint": .string(checkpoint), "evaluation": ["samples": 1, "steps": 1]])
        #expect(fault.job.contains(posted.status), "\(posted.detail)")
        if let id = posted.json["id"]?.text, posted.status == 201 { expected.append(id) }
        #expect(try await client.get("/healthz").status == 200)
        strace.detach()

        // The server lives, and holds what it said and no more.
        #expect(try await Self.ids(client) == expected.sorted())
        #expect(try await client.get(upload).json["offset"] == 0)
        expected.append(try await client.upload("/v1/datasets", pictures))
        // A job that met the fault has ended all the same.
        if posted.status == 201 {
            let job = try await client.finished(posted.json["id"]?.text ?? "")
            #expect(job.status == "succeeded" || job.at("error", "code").text == "storage_failed", "\(job.compact)")
        }
        server.kill()
        let examination = try Database(folder: folder).examine()
        #expect(examination.troubles == [] && examination.strays == 0)
        server = try ServerProcess(folder: folder, settings: "threads: 1")
        client = APIClient(base: server.url)
        #expect(try await Self.ids(client) == expected.sorted())
        #expect(server.terminate() == 0)
    }

    @Test(arguments: ["pwrite64", "fdatasync"])
    func aServerThatDiesOnAFailedCommitIsSound(calls: String) async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appendingPathComponent("data")
        let server = try ServerProcess(folder: folder)
        let strace = try Strace(server, failing: calls, with: "EIO")
        let answer = try await APIClient(base: server.url).send("POST", "/v1/datasets", body: Samples.pictures(3))
        #expect(answer.status == 500, "\(answer.detail)")
        server.kill()
        strace.detach()
        // The log may hold the commit, whole, although its fsync failed: then what it refers to is there.
        #expect(try Database(folder: folder).examine().troubles == [])
    }

    @Test func aJobOutlivesADiskThatIsFullForAWhile() async throws {
        let temporary = try TemporaryFolder()
        let server = try ServerProcess(folder: temporary.url.appendingPathComponent("data"), settings: "threads: 1\nsave_steps: 20")
        let client = APIClient(base: server.url)
        let checkpoint = try await client.upload("/v1/checkpoints", Samples.archive(Samples.unet("learned")))
        let dataset = try await client.upload("/v1/datasets", Samples.pictures(2, channels: 1))
        let endless: JSON = [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset), "finetuning": ["steps": 10_000_000, "batch_size": 1],
        ]
        let job = try #require(try await client.post("/v1/jobs", endless).json["id"]?.text)
        _ = try await client.job(job) { $0["phase"]?.text == "finetuning" }
        let strace = try Strace(server, failing: "pwrite64", with: "ENOSPC")
        // Until a save has failed and progress has, which the log tells: it is written with write.
        try await FileChanges(server.log).wait {
            try ["cannot be saved", "cannot be written"].allSatisfy(String(contentsOf: server.log, encoding: .utf8).contains)
        }
        strace.detach()
        let before = try await client.get("/v1/jobs/\(job)").json.at("progress", "completed").integer ?? 0
        let later = try await client.job(job) { ($0.at("progress", "completed").integer ?? 0) > before }
        #expect(later.status == "running")
        #expect(try await client.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
        #expect(try await client.finished(job).status == "cancelled")
    }

    /// A piece of a resumable upload that the disk stops taking: of its bytes, of their fsync, of the row that tells the offset.
    @Test(arguments: ["write", "fsync", "pwrite64"])
    func anUploadGoesOnWhereTheDiskWasFull(calls: String) async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appendingPathComponent("data")
        let server = try ServerProcess(folder: folder, settings: "threads: 1")
        let client = APIClient(base: server.url)
        let port = try #require(URL(string: server.url)?.port)
        let kept = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let archive = Array(try Samples.archive(Samples.unet("learned") + [("safety_checker/kept.bin", kept)]))
        let tus = ["Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"]
        func append(at offset: Int, _ bytes: ArraySlice<UInt8>) async throws -> World.Answer {
            try await client.send("PATCH", path, body: Data(bytes), headers: tus.merging(["Upload-Offset": "\(offset)"]) { $1 })
        }
        let begun = try await client.send("POST", "/v1/uploads", headers: tus.merging(["Upload-Length": "\(archive.count)"]) { $1 })
        let path = try client.location(begun)
        let id = try #require(path.split(separator: "/").last.map(String.init))
        let file = folder.appendingPathComponent("uploads/\(id)").path
        func size() throws -> Int { try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? -1 }
        let (durable, middle) = (archive.count / 3, archive.count * 2 / 3)
        #expect(try await append(at: 0, archive[..<durable]).status == 204)

        try await withTaskExecutorPreference(ClientExecutor()) {
            let piece = try Client(port: port)
            piece.send(
                "PATCH \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: \(durable)\r\n"
                    + "Content-Type: application/offset+octet-stream\r\nContent-Length: \(archive.count - durable)\r\n\r\n")
            piece.send(Array(archive[durable..<middle]))
            try await FileChanges(URL(fileURLWithPath: file)).wait { try size() >= middle }
            let strace = try Strace(server, failing: calls, with: "ENOSPC")
            piece.send(Array(archive[middle...]))
            let answer = piece.receive(until: "disk_full")
            #expect(answer.statuses == [507] && answer.contains("disk_full"), "\(answer)")
            strace.detach()
        }
        // What was not acknowledged takes no room on the full disk either.
        #expect(try size() == durable)
        #expect(try await client.send("HEAD", path, headers: tus).headers["upload-offset"] == "\(durable)")
        #expect(try await append(at: durable, archive[durable..<middle]).status == 204)
        #expect(try await append(at: middle, archive[middle...]).status == 204)
        let made = try await client.post("/v1/checkpoints", ["upload": .string(id)])
        #expect(made.status == 201, "\(made.detail)")
        let checkpoint = try #require(made.json["id"]?.text)
        #expect(try await Array(client.get("/v1/checkpoints/\(checkpoint)/files/safety_checker/kept.bin").data) == kept)
        #expect(server.terminate() == 0)
    }
}
