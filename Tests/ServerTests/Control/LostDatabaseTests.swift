import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// A database that is lost, as an operator meets it.
@Suite struct LostDatabaseServerTests {
    /// Runs `pruner` and returns its status and what it says on standard error and standard output.
    private func pruner(_ arguments: String...) throws -> (status: Int32, error: String, output: String) {
        let process = try ChildProcess([ServerProcess.binary.path] + arguments, output: .pipe, errors: .pipe)
        func text(_ pipe: FileHandle?) -> String { String(decoding: pipe?.readDataToEndOfFile() ?? Data(), as: UTF8.self) }
        let said = text(process.output)
        let told = text(process.errors)
        return (process.wait(), told, said)
    }

    @Test func aLostDatabaseStopsTheStartAndIsGoneOnWithout() async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appendingPathComponent("data")
        var server = try ServerProcess(folder: folder)
        var client = APIClient(base: server.url)
        let checkpoint = try await client.upload("/v1/checkpoints?name=kept", Samples.archive(Samples.unet()))
        let told = try await client.get("/v1/checkpoints/\(checkpoint)").json
        let content = try await client.get("/v1/checkpoints/\(checkpoint)/content").data
        #expect(server.terminate() == 0)

        // All rows are in the main file.
        #expect(try Data(contentsOf: folder.appendingPathComponent("pruner.sqlite-wal")).isEmpty)
        for name in ["pruner.sqlite-wal", "pruner.sqlite-shm"] {
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        server = try ServerProcess(folder: folder)
        client = APIClient(base: server.url)
        #expect(try await client.get("/v1/checkpoints/\(checkpoint)").json == told)
        #expect(server.terminate() == 0)

        for name in ["pruner.sqlite", "pruner.sqlite-wal", "pruner.sqlite-shm"] {
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        let refused = try pruner("serve", "--port", "0", "--data-dir", folder.path)
        #expect(refused.status == 1 && refused.output.isEmpty)
        let lines = refused.error.split(separator: "\n").filter { $0.contains("Error") }
        #expect(lines.count == 1 && lines[0].contains("holds nothing") && lines[0].contains("doctor --adopt"), "\(refused.error)")
        #expect(try pruner("doctor", "--data-dir", folder.path).status == 1)

        let adopted = try pruner("doctor", "--adopt", "--data-dir", folder.path)
        #expect(adopted.status == 0, "\(adopted.error)")
        let report = try JSON(parsing: Array(adopted.output.utf8))
        #expect(report["adopted"] == [.string(checkpoint)] && report["sound"] == true && report["left"] == [], "\(report.compact)")
        server = try ServerProcess(folder: folder)
        client = APIClient(base: server.url)
        #expect(try await client.get("/v1/checkpoints/\(checkpoint)").json == told)
        #expect(try await client.get("/v1/checkpoints/\(checkpoint)/content").data == content)
        #expect(server.terminate() == 0)
    }
}
