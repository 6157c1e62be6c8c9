import Documents
import Foundation
import Media
import ServiceSupport
import TestSupport
import Testing

/// Models that are told classes, from the folders of their pictures to guided samples.
@Suite struct ClassConditionTests {
    /// Pictures of 8 by 8 pixels, each at a path, and a text beside them.
    private static func pictures(_ paths: [String], _ text: (path: String, String)? = nil) throws -> Data {
        try Samples.archive(
            paths.enumerated().map { number, path in
                let pixels = (0..<192).map { UInt8(truncatingIfNeeded: $0 * (number + 3) * 7) }
                return (path, try PNGEncoder.encode(Picture(width: 8, height: 8, channels: 3, pixels: pixels)))
            } + (text.map { [($0.path, Array($0.1.utf8))] } ?? []))
    }

    /// `metadata.jsonl` that gives each path a label, a JSON value.
    private static func labels(_ paths: [String], _ label: (Int) -> String) -> (String, String) {
        ("metadata.jsonl", paths.enumerated().map { #"{"file_name":"\#($1)","label":\#(label($0))}"# }.joined(separator: "\n"))
    }

    private static func folders(_ classes: Int, each: Int = 2) -> [String] {
        (0..<classes).flatMap { folder in (0..<each).map { "class \(folder)/\($0).png" } }
    }

    /// The tiny network of five classes.
    private static func upload(_ world: World) async throws -> String {
        try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet("classes")))
    }

    private static func request(_ checkpoint: String, _ dataset: String?, probability: JSON = nil, guidance: JSON = nil) -> JSON {
        [
            "checkpoint": .string(checkpoint), "dataset": .optional(dataset),
            "finetuning": ["steps": 2, "batch_size": 2, "unconditional_probability": probability],
            "evaluation": ["steps": 2, "samples": 3, "guidance_scale": guidance],
        ]
    }

    @Test func topLevelFoldersAreClassesWhereEveryPictureLiesInOne() async throws {
        try await World.with { world in
            func classes(_ paths: [String]) async throws -> JSON? {
                let id = try await world.upload("/v1/datasets", Self.pictures(paths))
                let dataset = try await world.get("/v1/datasets/\(id)").json
                #expect(dataset["images"]?.integer == paths.count)
                return dataset["classes"]
            }
            let three = try await classes(["b/1.png", "a/x/1.png", "a/2.png", "B/1.png"])
            #expect(three == [["name": "B", "images": 1], ["name": "a", "images": 2], ["name": "b", "images": 1]])
            for paths in [["a/1.png", "2.png"], ["1.png"]] {
                let none = try await classes(paths)
                #expect(none == [], "\(paths)")
            }
        }
    }

    @Test func aWholeJobOnAModelThatKnowsAnEmptyClass() async throws {
        try await World.with { world in
            let checkpoint = try await Self.upload(world)
            let dataset = try await world.upload("/v1/datasets", Self.pictures(Self.folders(4)))
            func finished(_ guidance: Double) async throws -> (request: JSON, grid: Data) {
                let body = Self.request(checkpoint, dataset, guidance: .double(guidance)).adding([
                    .init("pruning", ["ratio": .double(0.3), "widths": "free", "batch_size": 4, "timesteps": ["stride": 200]])
                ])
                let job = try await world.post("/v1/jobs", body)
                try #require(job.status == 201, "\(job.detail)")
                let id = try #require(job.json["id"]?.text)
                let ended = try await world.finished(id)
                #expect(ended["status"]?.text == "succeeded", "\(ended.compact)")
                return (ended["request"] ?? .null, try await world.get("/v1/jobs/\(id)/files/samples_before.png").data)
            }
            let plain = try await finished(1)
            #expect(plain.request["finetuning"]?["unconditional_probability"]?.double == 0.1)
            #expect(plain.request["evaluation"]?["guidance_scale"]?.double == 1)
            let guided = try await finished(4)
            #expect(guided.grid != plain.grid)
        }
    }

    /// Whatever says which picture is of which class, the numbers are the same.
    @Test func labelsDoWhatFoldersDo() async throws {
        try await World.with { world in
            let checkpoint = try await Self.upload(world)
            let paths = Self.folders(4)
            func losses(_ archive: Data) async throws -> (JSON, JSON) {
                let dataset = try await world.upload("/v1/datasets", archive)
                let job = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, guidance: 2))
                try #require(job.status == 201, "\(job.detail)")
                let id = try #require(job.json["id"]?.text)
                #expect(try await world.finished(id)["status"]?.text == "succeeded")
                let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
                let evaluation = metrics["evaluation"] ?? .null
                return (metrics["finetuning"] ?? .null, [evaluation["loss"] ?? .null, evaluation["mse"] ?? .null])
            }
            let folders = try await losses(Self.pictures(paths))
            let numbers = try await losses(Self.pictures(paths, Self.labels(paths) { "\($0 / 2)" }))
            let names = try await losses(Self.pictures(paths, Self.labels(paths) { "\"class \($0 / 2)\"" }))
            let others = try await losses(Self.pictures(paths, Self.labels(paths) { "\(3 - $0 / 2)" }))
            #expect(folders == numbers && folders == names)
            #expect(folders.1 != others.1)
        }
    }

    @Test func whatIsSaidOfPicturesIsInTheAnswer() async throws {
        try await World.with { world in
            let text = "file_name,text,label\n1.png,a cat,281\n2.png,,0\n"
            let id = try await world.upload("/v1/datasets", Self.pictures(["1.png", "2.png"], ("metadata.csv", text)))
            let dataset = try await world.get("/v1/datasets/\(id)").json
            #expect(dataset["classes"] == [["name": "0", "images": 1], ["name": "281", "images": 1]])
            #expect(dataset["class_count"] == 282 && dataset["captions"] == 1 && dataset["embeddings"] == .null)
            let checkpoint = try await Self.upload(world)
            let refused = try await world.post("/v1/jobs", Self.request(checkpoint, id))
            #expect(
                refused.detail.contains("/dataset has labels up to 281, so 282 classes; the model knows 5"), "\(refused.detail)")
        }
    }

    @Test func whatDoesNotFitIsRefusedByField() async throws {
        try await World.with { world in
            let checkpoint = try await Self.upload(world)
            let few = try await world.upload("/v1/datasets", Self.pictures(Self.folders(2)))
            let many = try await world.upload("/v1/datasets", Self.pictures(Self.folders(6)))
            let none = try await world.upload("/v1/datasets", Self.pictures(["1.png", "2.png", "3.png"]))
            func refusal(_ body: JSON) async throws -> String {
                let answer = try await world.post("/v1/jobs", body)
                #expect(answer.status == 422, "\(answer.detail)")
                return answer.detail
            }
            let unsorted = try await refusal(Self.request(checkpoint, none))
            #expect(
                unsorted.contains("/dataset has no classes") && unsorted.contains("a label in metadata.jsonl or metadata.csv"),
                "\(unsorted)")
            let strange = try await refusal(Self.request(checkpoint, many))
            #expect(strange.contains("/dataset has 6 classes; the model knows 5"), "\(strange)")
            let unknown = try await refusal(Self.request(checkpoint, few, probability: .double(0.2), guidance: 2))
            #expect(unknown.contains("/finetuning/unconditional_probability must be 0"), "\(unknown)")
            #expect(unknown.contains("/evaluation/guidance_scale must be 1"), "\(unknown)")
            let evaluation: JSON = ["checkpoint": .string(checkpoint), "evaluation": ["steps": 2, "samples": 1]]
            let untold = try await refusal(evaluation)
            #expect(untold.contains("/dataset is required by the evaluation"), "\(untold)")
            #expect(try await world.post("/v1/jobs", Self.request(checkpoint, few)).status == 201)

            let other = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet("ldm")))
            let plain = try await refusal(Self.request(other, few, probability: .double(0.2), guidance: 2))
            #expect(plain.contains("is for models that are told a class or a text"))
            #expect(plain.contains("no class or text that could guide it"))
        }
    }
}
