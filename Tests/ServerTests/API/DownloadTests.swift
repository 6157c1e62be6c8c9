import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

@Test func aCheckpointsArchiveIsTheSameBytesUnderTheSameTag() async throws {
    try await World.with { world in
        let id = try await world.upload("/v1/checkpoints", try Samples.archive(Samples.unet()))
        var tags: Set<String> = []
        let queries = ["", "&layout=onnx"].flatMap { layout in ["tar", "tar.gz", "zip"].map { "format=\($0)\(layout)" } }
        for query in queries {
            let path = "/v1/checkpoints/\(id)/content?\(query)"
            let whole = try await world.get(path)
            let tag = try #require(whole.headers["etag"])
            tags.insert(tag)
            #expect(whole.status == 200 && whole.headers["accept-ranges"] == "bytes")
            #expect(try await world.send("GET", path, headers: ["If-None-Match": tag]).status == 304)
            let part = try await world.send("GET", path, headers: ["Range": "bytes=100-1999", "If-Range": tag])
            #expect(part.status == 206 && part.data == whole.data[100..<2000], "\(query)")
            let head = try await world.send("HEAD", path)
            #expect(head.headers["content-length"] == "\(whole.data.count)" && head.headers["etag"] == tag)
            #expect(try await world.send("GET", path, headers: ["If-Match": "\"other\""]).status == 412)
        }
        #expect(tags.count == queries.count)
        let files = try await world.get("/v1/checkpoints/\(id)").json["files"]?.elements ?? []
        #expect(!files.isEmpty)
        for file in files {
            let path = try #require(file["path"]?.text)
            let answer = try await world.get("/v1/checkpoints/\(id)/files/\(path)")
            #expect(answer.headers["etag"] == "\"\(file["sha256"]?.text ?? "")\"")
        }
    }
}

/// As optimum's pipelines look for them; that the models are the networks is held by Tests/Interop/onnx_layout.py.
@Test func aCheckpointIsHandedOutAsONNXModels() async throws {
    try await World.with { world in
        let id = try await world.upload("/v1/checkpoints", try Samples.archive(Samples.unet()))
        func paths(_ query: String) async throws -> [String] {
            let answer = try await world.get("/v1/checkpoints/\(id)/content\(query)")
            #expect(answer.status == 200, "\(query)")
            let folder = try TemporaryFolder()
            return try archiveContents(folder.file("archive", Array(answer.data))).map(\.path)
        }
        let onnx = ["model_index.json", "sample.py", "scheduler/scheduler_config.json", "unet/config.json", "unet/model.onnx"]
        for format in ["tar", "tar.gz", "zip"] { #expect(try await paths("?layout=onnx&format=\(format)") == onnx) }
        let stored = onnx.filter { $0 != "sample.py" && $0 != "unet/model.onnx" } + ["unet/diffusion_pytorch_model.safetensors"]
        for query in ["", "?layout=diffusers"] { #expect(try await Set(paths(query)) == Set(stored)) }
        let refused = try await world.get("/v1/checkpoints/\(id)/content?layout=ONNX")
        #expect(refused.status == 400 && refused.json["code"]?.text == "invalid_layout")
    }
}

/// What a pipeline's pictures need is all there or none of it: what has no ONNX form is named.
@Test func aComponentOfAnotherClassIsNoONNXModel() async throws {
    try await World.with { world in
        let other = [
            ("vae/config.json", #"{"_class_name": "AutoencoderTiny"}"#),
            ("text_encoder/config.json", #"{"architectures": ["T5EncoderModel"]}"#),
        ]
        for (path, config) in other {
            let unet = try Samples.unet().map { ("unet/\($0.0)", $0.1) }
            let id = try await world.upload("/v1/checkpoints", try Samples.archive(unet + [(path, Array(config.utf8))]))
            let refused = try await world.get("/v1/checkpoints/\(id)/content?layout=onnx")
            #expect(refused.status == 422 && refused.json["code"]?.text == "invalid_checkpoint")
            #expect(refused.json["detail"]?.text?.hasPrefix("\(path): ") == true, "\(refused.json.compact)")
            #expect(try await world.get("/v1/checkpoints/\(id)/content").status == 200)
        }
    }
}
