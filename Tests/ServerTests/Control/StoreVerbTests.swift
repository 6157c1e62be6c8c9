import Documents
import Foundation
import Server
import ServiceSupport
import Storage
import TestSupport
import Testing

/// `gc`, `backup` and `doctor`, done by the server that holds the folder and by the command itself.
@Suite struct StoreVerbTests {
    @Test func aBackupOfARunningServerIsAWholeDataFolder() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints?name=kept", Samples.archive(Samples.unet()))
            let job = try await world.post(
                "/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": ["method": "magnitude", "ratio": 0]])
            let ended = try await world.finished(try #require(job.json["id"]?.text))
            let folder = try TemporaryFolder()
            let file = folder.url.appendingPathComponent("backup.tar")
            let door = DataFolderDoor(path: world.folder.path)
            let report = try door.perform(.backUp, ["path": .string(file.path)])
            #expect(report["bytes"]?.integer == (try Data(contentsOf: file)).count)
            #expect(throws: (any Error).self) { try door.perform(.backUp, ["path": "relative"]) }
            #expect(throws: (any Error).self) { try door.perform(.backUp, ["path": "/nowhere/at/all"]) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["backup.tar"])

            let restored = folder.url.appendingPathComponent("restored").path
            #expect(try ChildProcess.run(["sh", "-c", "mkdir '\(restored)' && tar -xf '\(file.path)' -C '\(restored)'"]) == 0)
            let examination = try DataFolderDoor(path: restored).perform(.examine)
            #expect(examination["sound"] == true && examination["blobs"] == report["blobs"], "\(examination.compact)")
            let server = try ServerProcess(folder: URL(fileURLWithPath: restored))
            let client = APIClient(base: server.url)
            #expect(try await client.get("/v1/jobs/\(ended["id"]?.text ?? "")").json == ended)
            let result = ended.at("result", "checkpoint").text ?? ""
            let (there, here) = (
                try await client.get("/v1/checkpoints/\(result)/content"), try await world.get("/v1/checkpoints/\(result)/content")
            )
            #expect(there.status == 200 && there.data == here.data)
        }
    }

    @Test func theDoctorAndTheCollectorWorkWhileTheServerRuns() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let door = DataFolderDoor(path: world.folder.path)
            #expect(try door.perform(.examine)["sound"] == true)
            let blob = try #require(try world.filesLeft().first { $0.hasPrefix("blobs/") })
            try Data("damaged".utf8).write(to: world.folder.appendingPathComponent(blob))
            let examination = try door.perform(.examine)
            #expect(examination["sound"] == false && examination["troubles"]?.elements.count == 1, "\(examination.compact)")
            // Nothing is old enough to go.
            let collection = try door.perform(.collectGarbage, ["keep_days": 1, "keep_bytes": 1])
            #expect(collection["removed"] == [])
            #expect(try await world.get("/v1/checkpoints/\(checkpoint)").status == 200)
        }
    }

    @Test func aServerKeepsWhatItIsToldTo() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            try await world.restart(settings: { $0.keepDays = 1 }) { folder in
                try Database(folder: folder).execute("UPDATE checkpoints SET created_at = 0")
            }
            while try await world.get("/v1/checkpoints/\(checkpoint)").status != 404 { await Task.yield() }
            // Rows go first, files after.
            while try !world.filesLeft().filter({ $0.hasPrefix("blobs/") }).isEmpty { await Task.yield() }
        }
    }

    @Test(arguments: ["doctor", "gc", "backup"])
    func aMistypedFolderIsNotMade(verb: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("typo").path
        let command = [ServerProcess.binary.path, verb, "--data-dir", path] + (verb == "backup" ? [path + ".tar"] : [])
        #expect(try ChildProcess.run(command, errors: .nowhere) > 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }
}
