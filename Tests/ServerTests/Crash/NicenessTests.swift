import Foundation
import ServiceSupport
import TestSupport
import Testing

/// How far jobs step back behind everything else.
@Suite struct NicenessTests {
    /// The niceness of every thread of a process.
    private static func threads(of process: Int32) throws -> Set<Int> {
        let tasks = "/proc/\(process)/task"
        var found: Set<Int> = []
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            // A thread may have ended by now.
            guard let stat = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8), let end = stat.lastIndex(of: ")") else {
                continue
            }
            // Behind the name: the state is field 3, the niceness field 19 (proc(5)).
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            found.insert(try #require(Int(fields[16])))
        }
        return found
    }

    @Test(arguments: [nil, 0, 4])
    func jobsStepBackAsFarAsTheSettingsSay(niceness: Int?) async throws {
        let folder = try TemporaryFolder()
        let key = niceness.map { "\njob_niceness: \($0)" } ?? ""
        let server = try ServerProcess(folder: folder.url.appendingPathComponent("data"), settings: "threads: 2\(key)")
        let client = APIClient(base: server.url)
        let checkpoint = try await client.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
        let answer = try await client.post(
            "/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": ["method": "magnitude"], "evaluation": ["samples": 2, "steps": 5]])
        let job = try await client.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
        #expect(job.status == "succeeded", "\(job.compact)")
        // Those that answer requests step back behind nobody; a job's helpers go on waiting when it has ended.
        let found = try Self.threads(of: server.processIdentifier)
        #expect(found.contains(0) && found.filter { $0 > 0 } == (niceness == 0 ? [] : [niceness ?? 10]), "\(found)")
        server.kill()
    }
}
