import Documents
import Foundation
import ServiceSupport
import Testing

/// Files of the store that suffered behind the server's back: never used, always told, mended by the next upload.
@Suite struct DamageTests {
    private static let weights = "unet/diffusion_pytorch_model.safetensors"

    private static func file(_ path: String, of checkpoint: String, _ world: World) async throws -> URL {
        let files = try await world.get("/v1/checkpoints/\(checkpoint)").json["files"]?.elements ?? []
        let digest = try #require(files.first { $0["path"]?.text == path }?["sha256"]?.text)
        return blob(digest, world.folder)
    }

    private static func blob(_ digest: String, _ folder: URL) -> URL {
        folder.appendingPathComponent("blobs/\(digest.prefix(2))/\(digest)")
    }

    /// The blobs' files that are not in `known`.
    private static func blobs(_ world: World, except known: Set<String> = []) throws -> Set<String> {
        Set(try world.filesLeft().filter { $0.hasPrefix("blobs/") }).subtracting(known)
    }

    /// Another byte in the middle of a file, written until the file system's clock has gone on.
    private static func flip(_ file: URL) throws {
        var (before, after) = (stat(), stat())
        #expect(stat(file.path, &before) == 0)
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        repeat {
            let handle = try FileHandle(forUpdating: file)
            try handle.write(contentsOf: bytes)
            try handle.close()
            #expect(stat(file.path, &after) == 0)
        } while before.st_ctim.tv_sec == after.st_ctim.tv_sec && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec
    }

    /// What is said of damage.
    private static func warnings(_ path: String, _ world: World) async throws -> [String] { warnings(try await world.get(path).json) }

    private static func warnings(_ described: JSON?) -> [String] {
        (described?["warnings"]?.elements ?? []).compactMap { warning in
            guard let code = warning["code"]?.text, code.hasSuffix("_damaged") else { return nil }
            return "\(code): \(warning["detail"]?.text ?? "")"
        }
    }

    @Test(arguments: [false, true]) func aDamagedCheckpointIsToldAndNeverUsed(isGone: Bool) async throws {
        try await World.with { world in
            let archive = try Samples.archive(Samples.unet())
            let id = try await world.upload("/v1/checkpoints", archive)
            let path = "/v1/checkpoints/\(id)"
            let downloads = [
                "content", "content?format=tar.gz", "content?format=zip", "files/\(Self.weights)", "tensors", "tensors/conv_in.weight",
            ]
            var right: [Data] = []
            for download in downloads { right.append(try await world.get("\(path)/\(download)").data) }

            let file = try await Self.file(Self.weights, of: id, world)
            if isGone { try FileManager.default.removeItem(at: file) } else { try Self.flip(file) }
            for download in downloads {
                for (method, headers) in [("GET", [:]), ("HEAD", [:]), ("GET", ["Range": "bytes=0-9"])] {
                    let answer = try await world.send(method, "\(path)/\(download)", headers: headers)
                    #expect(answer.status == 409, "\(method) \(download)")
                    if method == "GET" {
                        #expect(
                            answer.code == "checkpoint_damaged" && answer.detail.contains(Self.weights), "\(download): \(answer.detail)")
                    }
                }
            }
            // What is whole is given.
            #expect(try await world.get("\(path)/files/unet/config.json").status == 200)
            let job: JSON = ["checkpoint": .string(id), "pruning": ["method": "magnitude", "ratio": .double(0.5)]]
            for query in ["", "?dry_run=true"] {
                #expect(try await world.post("/v1/jobs\(query)", job).code == "checkpoint_damaged")
            }
            let told = try await Self.warnings(path, world)
            #expect(told.count == 1 && told[0].hasPrefix("checkpoint_damaged: \(Self.weights) of \(id) is damaged"), "\(told)")
            #expect(Self.warnings(try await world.get("/v1/checkpoints").json["data"]?.elements.first).count == 1)
            #expect(String(decoding: try await world.get("/metrics").data, as: UTF8.self).contains("\npruner_damaged_blobs 1\n"))

            _ = try await world.upload("/v1/checkpoints", archive)
            for (download, right) in zip(downloads, right) {
                let answer = try await world.get("\(path)/\(download)")
                #expect(answer.status == 200 && answer.data == right, "\(download)")
            }
            #expect(try await Self.warnings(path, world) == [])
            let queued = try await world.post("/v1/jobs", job)
            #expect(try await world.finished(try #require(queued.json["id"]?.text)).status == "succeeded")
            #expect(String(decoding: try await world.get("/metrics").data, as: UTF8.self).contains("\npruner_damaged_blobs 0\n"))
        }
    }

    /// What a job needs is harmed while it waits behind another.
    @Test(arguments: ["checkpoint", "dataset"]) func aJobDoesNotUseWhatIsDamaged(kind: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let known = try Self.blobs(world)
            let pictures = try Samples.pictures(4)
            let dataset = try await world.upload("/v1/datasets", pictures)
            let packs = try Self.blobs(world, except: known)
            let pack = try #require(packs.first)
            let other = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet("learned")))
            let endless = try await world.post(
                "/v1/jobs",
                [
                    "checkpoint": .string(other),
                    "dataset": .string(try await world.upload("/v1/datasets", Samples.pictures(2, channels: 1))),
                    "finetuning": ["steps": 10_000_000, "batch_size": 1],
                ])
            let busy = try #require(endless.json["id"]?.text)
            while try await world.get("/v1/jobs/\(busy)").json.status == "queued" { await Task.yield() }
            let request: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "finetuning": ["steps": 1, "batch_size": 2],
            ]
            let waiting = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
            let file = try await Self.file(Self.weights, of: checkpoint, world)
            try Self.flip(kind == "dataset" ? world.folder.appendingPathComponent(pack) : file)
            #expect(try await world.send("POST", "/v1/jobs/\(busy)/cancel").status == 202)
            let failed = try await world.finished(waiting)
            #expect(failed.at("error", "code").text == "\(kind)_damaged", "\(failed.compact)")
            #expect(failed.at("error", "detail").text?.contains("upload the same \(kind) again") == true, "\(failed.compact)")
            #expect(try await world.post("/v1/jobs", request).code == "\(kind)_damaged")
            let path = kind == "dataset" ? "/v1/datasets/\(dataset)" : "/v1/checkpoints/\(checkpoint)"
            #expect(try await Self.warnings(path, world).first?.hasPrefix("\(kind)_damaged: ") == true)

            _ = try await world.upload(
                "/v1/\(kind)s", kind == "dataset" ? pictures : Samples.archive(Samples.unet()))
            #expect(try await Self.warnings(path, world) == [])
            let again = try await world.post("/v1/jobs", request)
            #expect(try await world.finished(try #require(again.json["id"]?.text)).status == "succeeded")
        }
    }

    @Test func aDamagedPictureOfAJobIsToldAndMadeAgainByTheSameJob() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let request: JSON = ["checkpoint": .string(checkpoint), "evaluation": ["samples": 1, "steps": 1]]
            let known = try Self.blobs(world)
            let id = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
            #expect(try await world.finished(id).status == "succeeded")
            let path = "/v1/jobs/\(id)/files/samples_before.png"
            let right = try await world.get(path).data
            let made = try Self.blobs(world, except: known)
            let picture = try made.first { try Data(contentsOf: world.folder.appendingPathComponent($0)) == right }
            try Self.flip(world.folder.appendingPathComponent(#require(picture)))
            #expect(try await world.get(path).code == "file_damaged")
            #expect(try await world.get("/v1/jobs/\(id)/report.html").code == "file_damaged")
            let again = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
            #expect(try await world.finished(again).status == "succeeded")
            #expect(try await world.get(path).data == right)
        }
    }

    @Test func theWalkFindsWhatNobodyUses() async throws {
        try await World.with { world in
            let id = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let file = try await Self.file(Self.weights, of: id, world)
            try await world.restart(settings: { $0.verifyBytesPerSecond = 0 }, between: { _ in try Self.flip(file) })
            #expect(try await Self.warnings("/v1/checkpoints/\(id)", world) == [])
            try await world.restart(settings: { $0.verifyBytesPerSecond = 1 << 40 }, between: { _ in })
            while try await Self.warnings("/v1/checkpoints/\(id)", world) == [] { await Task.yield() }
            // Also a later process knows, which has not looked.
            try await world.restart(settings: { $0.verifyBytesPerSecond = 0 }, between: { _ in })
            #expect(try await Self.warnings("/v1/checkpoints/\(id)", world).count == 1)
        }
    }

    @Test func aServerThatWalksSlowlyEndsAtOnce() async throws {
        try await World.with(settings: { $0.verifyBytesPerSecond = 1 }) { world in
            _ = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            for _ in 0..<2 { try await world.restart() }
            #expect(try await world.get("/readyz").status == 200)
        }
    }
}
