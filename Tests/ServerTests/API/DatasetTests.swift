import Documents
import Foundation
import Media
import ServiceSupport
import Testing

/// Archives of pictures as people have them.
@Suite struct DatasetTests {
    private static func fixture(_ name: String) throws -> (String, [UInt8]) { (name, try Samples.bytes("pictures/\(name)")) }

    private static func warnings(_ answer: World.Answer) -> [String] {
        answer.json["warnings"]?.elements.compactMap { $0["detail"]?.text } ?? []
    }

    @Test func whatLiesBesidePicturesIsCounted() async throws {
        let files = [
            "0.txt", "metadata.csv.bak", "LICENSE", "README.md", "Thumbs.db", "desktop.ini", ".gitattributes", "@eaDir/a.png@SynoEAStream",
            ".DS_Store", "__MACOSX/._a.png", ".git/HEAD", ".ipynb_checkpoints/a-checkpoint.png", "a.gif",
        ]
        let archive = try Samples.archive([("a.png", Samples.picture())] + files.map { ($0, [1]) })
        try await World.with { world in
            let answer = try await world.send("POST", "/v1/datasets", body: archive)
            #expect(answer.status == 201 && answer.json["images"] == 1, "\(answer.detail)")
            let warnings = Self.warnings(answer)
            #expect(warnings.count == 3)
            #expect(warnings.first == "1 picture was left out, as only PNG, JPEG and WebP are read: 1 gif (a.gif)")
            #expect(warnings.contains { $0.hasPrefix("4 files were left out that are no pictures") })
            #expect(warnings.last?.hasPrefix("8 files were left out that are hidden or litter") == true, "\(warnings)")
        }
    }

    @Test func brokenPicturesRefuseAnArchiveOrAreLeftOut() async throws {
        let broken = (0..<6).map { ("b/\($0).jpg", [UInt8]("x".utf8)) }
        let archive = try Samples.archive([("a.png", Samples.picture()), Self.fixture("animated.webp")] + broken)
        try await World.with { world in
            let refused = try await world.send("POST", "/v1/datasets", body: archive)
            #expect(refused.status == 422 && refused.code == "invalid_picture")
            #expect(
                refused.detail.hasPrefix("7 pictures cannot be read: animated.webp is an animated WebP, which is not supported; b/0.jpg is")
            )
            #expect(refused.detail.hasSuffix("; and 3 more; on_error=skip takes the other one"), "\(refused.detail)")
            #expect(try world.filesLeft() == [])
            let taken = try await world.send("POST", "/v1/datasets?on_error=skip", body: archive)
            #expect(taken.status == 201 && taken.json["images"] == 1)
            #expect(Self.warnings(taken).first?.hasPrefix("7 pictures were left out, as they cannot be read: animated.webp is") == true)
        }
    }

    @Test func anUploadIsMadeADatasetWithTheSameChoices() async throws {
        let archive = try Samples.archive([("a.png", Samples.picture()), ("b.png", [])])
        try await World.with { world in
            let refused = try await world.datasetOfUpload(archive, "")
            #expect(
                refused.status == 422 && refused.detail.hasPrefix("b.png is neither PNG, JPEG nor WebP, but empty"), "\(refused.detail)")
            #expect(try await world.datasetOfUpload(archive, "?on_error=skip").json["images"] == 1)
        }
    }

    /// A job is shown them upright: the pixels of a turned picture and of what it shows give one loss.
    @Test func turnedPicturesAreUsedAsTheyAreSeen() async throws {
        let lying = try Picture(decoding: Samples.bytes("pictures/mixed_6.webp"))
        let upright = try Picture(decoding: Samples.bytes("pictures/mixed_6.webp"), isTurned: true)
        #expect(lying.width == upright.height && lying != upright)
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            func losses(_ query: String, _ name: String, _ bytes: [UInt8]) async throws -> JSON {
                let dataset = try await world.upload("/v1/datasets\(query)", Samples.archive([(name, bytes)]))
                let job = try await world.post(
                    "/v1/jobs",
                    [
                        "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                        "finetuning": ["steps": 2, "batch_size": 1, "optimizer": "adamw"],
                    ])
                let id = try #require(job.json["id"]?.text, "\(job.detail)")
                #expect(try await world.finished(id).status == "succeeded")
                let result = try await world.get("/v1/jobs/\(id)").json.at("result", "checkpoint").text ?? ""
                let manifest = try await world.get("/v1/checkpoints/\(result)/files/manifest.json").json
                #expect(manifest.at("dataset", "exif") == (query.isEmpty ? .null : "apply"))
                return try await world.get("/v1/jobs/\(id)/metrics").json.at("finetuning", "losses")
            }
            let bytes = try Samples.bytes("pictures/mixed_6.webp")
            let seen = try await losses("?exif=apply", "a.webp", bytes)
            #expect(try await seen == losses("", "a.png", PNGEncoder.encode(upright)))
            #expect(try await losses("", "a.webp", bytes) == losses("", "a.png", PNGEncoder.encode(lying)))
            #expect(try await seen != losses("", "a.webp", bytes))
        }
    }

    @Test func grayPicturesServeAModelOfColours() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let gray = try await world.upload("/v1/datasets", Samples.pictures(2, channels: 1))
            let request: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(gray), "finetuning": ["steps": 1, "batch_size": 1],
            ]
            let job = try await world.post("/v1/jobs", request)
            #expect(job.status == 201, "\(job.detail)")
            #expect(try await world.finished(job.json["id"]?.text ?? "").status == "succeeded")
        }
    }

    @Test func aPictureThatIsTooSmallIsNamed() async throws {
        let small = try PNGEncoder.encode(Picture(width: 7, height: 20, channels: 3, pixels: [UInt8](repeating: 9, count: 420)))
        let large = try PNGEncoder.encode(Picture(width: 20, height: 20, channels: 3, pixels: [UInt8](repeating: 9, count: 1200)))
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let pictures = [("a.png", large), ("b/small.png", small), ("c.png", small)]
            let dataset = try await world.upload("/v1/datasets", Samples.archive(pictures))
            let request: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "finetuning": ["steps": 1, "batch_size": 1],
            ]
            let job = try await world.post("/v1/jobs", request)
            #expect(job.status == 422 && job.detail.hasSuffix("smaller than the model's 16×16: b/small.png and 1 more"), "\(job.detail)")
        }
    }
}

extension World {
    /// Sends an archive by tus, and makes a dataset of it.
    fileprivate func datasetOfUpload(_ archive: Data, _ query: String) async throws -> Answer {
        let fields = ["Tus-Resumable": "1.0.0", "Upload-Length": String(archive.count)]
        let created = try await send("POST", "/v1/uploads", body: archive, type: "application/offset+octet-stream", headers: fields)
        return try await post("/v1/datasets\(query)", ["upload": created.json["id"] ?? .null])
    }
}
