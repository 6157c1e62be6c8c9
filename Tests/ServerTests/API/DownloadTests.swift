import Documents
import Foundation
import ServiceSupport
import Testing

@Test func aCheckpointsArchiveIsTheSameBytesUnderTheSameTag() async throws {
    try await World.with { world in
        let id = try await world.upload("/v1/checkpoints", try Samples.archive(Samples.unet()))
        for format in ["tar", "tar.gz", "zip"] {
            let path = "/v1/checkpoints/\(id)/content?format=\(format)"
            let whole = try await world.get(path)
            let tag = try #require(whole.headers["etag"])
            #expect(whole.status == 200 && whole.headers["accept-ranges"] == "bytes")
            #expect(try await world.send("GET", path, headers: ["If-None-Match": tag]).status == 304)
            let part = try await world.send("GET", path, headers: ["Range": "bytes=100-1999", "If-Range": tag])
            #expect(part.status == 206 && part.data == whole.data[100..<2000], "\(format)")
            let head = try await world.send("HEAD", path)
            #expect(head.headers["content-length"] == "\(whole.data.count)" && head.headers["etag"] == tag)
            #expect(try await world.send("GET", path, headers: ["If-Match": "\"other\""]).status == 412)
        }
        let files = try await world.get("/v1/checkpoints/\(id)").json["files"]?.elements ?? []
        #expect(!files.isEmpty)
        for file in files {
            let path = try #require(file["path"]?.text)
            let answer = try await world.get("/v1/checkpoints/\(id)/files/\(path)")
            #expect(answer.headers["etag"] == "\"\(file["sha256"]?.text ?? "")\"")
        }
    }
}
