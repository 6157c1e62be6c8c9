import Foundation
import Media
import ServiceSupport
import TestSupport
import Testing

/// `pruner export`: a checkpoint in another form without a server is what the service hands out.
@Suite struct ExportTests {
    @Test(arguments: [("onnx", "float16"), ("onnx", nil), ("diffusers", "bfloat16")] as [(String, String?)])
    func theFilesAreTheServicesToTheLastByte(layout: String, dtype: String?) async throws {
        let place = try PruneTests.Place()
        let choices = ["--layout", layout] + (dtype.map { ["--dtype", $0] } ?? [])
        for out in ["folder", "archive.tar"] {
            let (status, process) = try await PrunerProcess.run(
                ["export", "--checkpoint", "model", "--out", out] + choices, in: place.url)
            #expect(status == 0, "\(process.errorText)")
        }
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let query = "layout=\(layout)" + (dtype.map { "&dtype=\($0)" } ?? "")
            let expected = try await world.get("/v1/checkpoints/\(checkpoint)/content?\(query)").data
            #expect(try place.bytes("archive.tar") == expected)
            let archive = try place.folder.file("expected.tar", Array(expected))
            for (path, bytes) in try archiveContents(archive).map({ ($0.path, $0.bytes) }) {
                #expect(try place.bytes("folder/\(path)") == Data(bytes), "\(path)")
            }
            #expect(try place.files("folder").count == archiveContents(archive).count)
        }
        #expect(!place.exists("folder.unfinished") && !place.exists("archive.tar.unfinished"))
    }

    @Test func whatCannotBeExportedIsToldAndLeavesNothing() async throws {
        let place = try PruneTests.Place()
        _ = try place.folder.file("there/file", [1])
        for (arguments, words) in [
            (["--checkpoint", "model", "--out", "there"], "is there already"),
            (["--checkpoint", "pictures", "--out", "new"], "pictures"),
        ] {
            let (status, process) = try await PrunerProcess.run(["export"] + arguments, in: place.url)
            #expect(status != 0 && process.errorText.contains(words), "\(process.errorText)")
        }
        #expect(!place.exists("new") && !place.exists("new.unfinished") && !place.exists("there.unfinished"))
    }
}
