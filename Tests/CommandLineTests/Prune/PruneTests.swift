import Documents
import Foundation
import Media
import ServiceSupport
import TestSupport
import Testing

/// `pruner prune`: a job without a server gives what the service gives.
@Suite struct PruneTests {
    /// A folder with `model`, a diffusers folder, and `pictures`; gone with the test.
    struct Place {
        let folder: TemporaryFolder
        var url: URL { folder.url }

        init(pictures: Int = 6) throws {
            folder = try TemporaryFolder()
            for (path, bytes) in try Samples.unet() { _ = try folder.file("model/\(path)", bytes) }
            let archive = try folder.file("pictures.tar", Array(Samples.pictures(pictures)))
            for (path, bytes) in try archiveContents(archive).map({ ($0.path, $0.bytes) }) {
                _ = try folder.file("pictures/\(path)", bytes)
            }
            // What operating systems and tools leave is passed over.
            _ = try folder.file("pictures/.DS_Store", [1])
            _ = try folder.file("model/.cache/huggingface/x", [1])
        }

        /// A whole job with all its phases, short.
        static let options = [
            "--ratio", "0.5", "--last-timestep", "20", "--batch-size", "3", "--steps", "4", "--samples", "3", "--sampling-steps", "3",
            "--eta",
            "0.5", "--seed", "3", "--threads", "2",
        ]
        /// The same for the API.
        static func request(_ checkpoint: String, _ dataset: String) -> JSON {
            [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                "pruning": ["ratio": .double(0.5), "batch_size": 3, "timesteps": ["last": 20], "seed": 3],
                "finetuning": ["steps": 4, "batch_size": 3, "seed": 3],
                "evaluation": ["samples": 3, "steps": 3, "eta": .double(0.5), "seed": 3],
            ]
        }

        func prune(_ arguments: [String], environment: [String: String] = [:]) async throws -> (status: Int32, process: PrunerProcess) {
            try await PrunerProcess.run(["prune"] + arguments, in: url, environment: environment)
        }

        func bytes(_ path: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(path)) }
        func json(_ path: String) throws -> JSON { try JSON(parsing: Array(bytes(path))) }
        func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url.appendingPathComponent(path).path) }
        func files(_ path: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: url.appendingPathComponent(path).path).filter { file in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(url.path)/\(path)/\(file)", isDirectory: &isFolder) && !isFolder.boolValue
            }.sorted()
        }
    }

    /// Metrics without what a clock, an identifier and the process decide.
    static func timeless(_ metrics: JSON) -> JSON {
        let evaluation = (metrics["evaluation"] ?? .null).replacing(["seconds_per_sample": .null])
        return metrics.replacing(["job": .null, "timing": .null, "peak_memory": .null, "evaluation": evaluation])
    }

    private static let pipeline = [
        "README.md", "manifest.json", "model_index.json", "scheduler/scheduler_config.json", "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    ]

    @Test func theResultIsTheServicesToTheLastByte() async throws {
        let place = try Place()
        let (status, process) = try await place.prune(["--checkpoint", "model", "--dataset", "pictures", "--out", "out"] + Place.options)
        #expect(status == 0, "\(process.errorText)")
        try await World.with { world in
            let model = try Samples.archive(Samples.unet())
            let checkpoint = try await world.upload("/v1/checkpoints?name=model", model)
            let dataset = try await world.upload("/v1/datasets?name=pictures", Samples.pictures(6))
            let answer = try await world.post("/v1/jobs", Place.request(checkpoint, dataset))
            let job = try await world.finished(try #require(answer.json["id"]?.text, "\(answer.detail)"))
            let id = try #require(job["id"]?.text)
            for (stage, prefix) in [("checkpoint", ""), ("pruned_checkpoint", "pruned/")] {
                let result = try #require(job.at("result", stage).text)
                for path in Self.pipeline where path != "manifest.json" {
                    let expected = try await world.get("/v1/checkpoints/\(result)/files/\(path)").data
                    #expect(try place.bytes("out/\(prefix)\(path)") == expected, "\(prefix)\(path)")
                }
                // It names the identifiers of the request.
                let expected = try await world.get("/v1/checkpoints/\(result)/files/manifest.json").json
                let found = try place.json("out/\(prefix)manifest.json")
                let request = try #require(found["request"]).replacing(["checkpoint": .string(checkpoint), "dataset": .string(dataset)])
                #expect(found.replacing(["request": request]) == expected)
            }
            for stage in ["before", "pruned", "after"] {
                let expected = try await world.get("/v1/jobs/\(id)/files/samples_\(stage).png").data
                #expect(try !expected.isEmpty && place.bytes("out/samples_\(stage).png") == expected, "\(stage)")
            }
            let metrics = try await world.get("/v1/jobs/\(id)/metrics?points=all").json
            #expect(Self.timeless(try place.json("out/metrics.json")).compact == Self.timeless(metrics).compact)
            let plan = try await world.get("/v1/jobs/\(id)/plan").json.replacing(["job": .null, "checkpoint": .null])
            #expect(try place.json("out/plan.json").replacing(["job": .null, "checkpoint": .null]) == plan)
            #expect(try String(decoding: place.bytes("out/report.html"), as: UTF8.self).contains("samples-after"))
        }
        let others = ["job.json", "metrics.json", "plan.json", "report.html"]
        let expected =
            Self.pipeline + Self.pipeline.map { "pruned/\($0)" } + others + ["after", "before", "pruned"].map { "samples_\($0).png" }
        #expect(try place.files("out") == expected.sorted())
        // Nothing else is left, and a person is told what came of it.
        #expect(!place.exists("out.unfinished"))
        for word in ["parameters", "loss", "before fine-tuning", "SSIM", "the result is in"] { #expect(process.outputText.contains(word)) }
        for word in ["scoring 0%", "finetuning ", "evaluating "] { #expect(process.errorText.contains(word), "\(process.errorText)") }
    }

    @Test(arguments: [ArchiveFormat.tar, .tarGz, .zip])
    func anArchiveGivesWhatItsFolderGives(format: ArchiveFormat) async throws {
        let place = try Place()
        let flat = try Samples.unet().map { ("top/\($0.0)", $0.1) }
        _ = try place.folder.file("model.\(format.rawValue)", Array(try Samples.archive(flat, format)))
        let pictures = try place.files("pictures").filter { !$0.hasPrefix(".") }.map { ($0, Array(try place.bytes("pictures/\($0)"))) }
        _ = try place.folder.file("pictures.\(format.rawValue)", Array(try Samples.archive(pictures, format)))
        let options = ["--ratio", "0.5", "--last-timestep", "3", "--batch-size", "2", "--widths", "free", "--quiet"]
        for (name, ending) in [("one", ""), ("other", ".\(format.rawValue)")] {
            let (status, process) = try await place.prune(
                ["--checkpoint", "model\(ending)", "--dataset", "pictures\(ending)", "--out", name] + options)
            #expect(status == 0 && process.errorText.isEmpty && process.outputText.isEmpty, "\(process.errorText)")
        }
        #expect(try place.files("one").contains("load_pruned.py"))
        for path in ["unet/diffusion_pytorch_model.safetensors", "unet/config.json", "load_pruned.py"] {
            #expect(try place.bytes("one/\(path)") == place.bytes("other/\(path)"), "\(path)")
        }
    }

    @Test func linksAreFollowedButNotInCircles() async throws {
        let place = try Place()
        let files = FileManager.default
        // As the Hub's cache keeps a snapshot.
        try files.createDirectory(at: place.url.appendingPathComponent("linked"), withIntermediateDirectories: true)
        for path in try place.files("model") where !path.hasPrefix(".") {
            try files.createSymbolicLink(atPath: place.url.path + "/linked/" + path, withDestinationPath: "../model/" + path)
        }
        let options = ["--method", "magnitude", "--ratio", "0.5", "--quiet"]
        for name in ["model", "linked"] {
            let (status, process) = try await place.prune(["--checkpoint", name, "--out", "\(name)-out"] + options)
            #expect(status == 0, "\(process.errorText)")
        }
        let weights = "unet/diffusion_pytorch_model.safetensors"
        #expect(try place.bytes("model-out/\(weights)") == place.bytes("linked-out/\(weights)"))

        try files.createSymbolicLink(atPath: place.url.path + "/linked/round", withDestinationPath: ".")
        let round = try await place.prune(["--checkpoint", "linked", "--out", "x"] + options)
        #expect(round.status == 65 && round.process.errorText.contains("more than 32 folders deep"), "\(round.process.errorText)")
        try files.removeItem(atPath: place.url.path + "/linked/round")
        try files.createSymbolicLink(atPath: place.url.path + "/linked/nowhere", withDestinationPath: "gone")
        let broken = try await place.prune(["--checkpoint", "linked", "--out", "x"] + options)
        #expect(broken.status == 65 && broken.process.errorText.contains("linked/nowhere: No such file"), "\(broken.process.errorText)")
    }

    @Test func aResultIsACheckpointAgain() async throws {
        let place = try Place()
        let options = ["--method", "magnitude", "--steps", "2", "--batch-size", "2", "--dataset", "pictures", "--quiet"]
        #expect(try await place.prune(["--checkpoint", "model", "--ratio", "0.5", "--out", "first"] + options).status == 0)
        let (status, process) = try await place.prune(
            ["--checkpoint", "first", "--method", "magnitude", "--ratio", "0.5", "--widths", "free", "--out", "second"])
        #expect(status == 0, "\(process.errorText)")
        // What the first result has beside its model does not come along.
        #expect(try place.files("second").filter { $0.hasPrefix("pruned/") || $0.hasPrefix("samples") } == [])
        let (first, second) = (try place.json("first/metrics.json"), try place.json("second/metrics.json"))
        #expect(first.at("parameters", "after") == second.at("parameters", "before"))
        let files = Self.pipeline.filter { !["manifest.json", "README.md"].contains($0) }
        let size = try files.reduce(0) { $0 + (try place.bytes("first/\($1)")).count }
        #expect(second.at("size", "before").integer == size)
    }

    @Test func aFileWithARequestIsOverruledByOptions() async throws {
        let place = try Place()
        _ = try place.folder.file(
            "request.json",
            Array(
                #"{"name":"filed","pruning":{"ratio":0.25,"timesteps":{"last":9,"stride":2}},"finetuning":{"steps":3,"batch_size":2}}"#.utf8
            ))
        let (status, process) = try await place.prune(
            [
                "--checkpoint", "model", "--dataset", "pictures", "--request", "request.json", "--ratio", "0.5", "--first-timestep", "1",
                "--batch-size", "4", "--seed", "7", "--json", "--out", "out",
            ])
        #expect(status == 0, "\(process.errorText)")
        let request = process.json["request"] ?? .null
        #expect(request["name"]?.text == "filed" && request["evaluation"] == .null)
        #expect(request.at("pruning", "ratio").double == 0.5)
        #expect(request.at("pruning", "timesteps") == ["first": 1, "last": 9, "stride": 2])
        #expect(request.at("pruning", "batch_size") == 4 && request.at("finetuning", "batch_size") == 4)
        #expect(request.at("pruning", "seed") == 7 && request.at("finetuning", "seed") == 7 && request.at("finetuning", "steps") == 3)
        #expect(process.json["object"]?.text == "summary" && process.json["status"]?.text == "succeeded")
        #expect(process.json["out"]?.text == place.url.appendingPathComponent("out").path)
        #expect(process.json.at("parameters", "before") == (try place.json("out/metrics.json")).at("parameters", "before"))
    }

    @Test func aDryRunTellsWhatTheServiceTellsAndDoesNothing() async throws {
        let place = try Place()
        let scratch = place.url.appendingPathComponent("scratch")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let arguments = ["--checkpoint", "model", "--dataset", "pictures", "--dry-run"] + Place.options
        let (status, process) = try await place.prune(arguments + ["--json"], environment: ["TMPDIR": scratch.path])
        #expect(status == 0, "\(process.errorText)")
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let answer = try await world.post("/v1/jobs?dry_run=true", Place.request(checkpoint, dataset)).json
            for name in ["parameters", "macs", "size", "groups", "block_out_channels"] {
                #expect(process.json[name] == answer[name], "\(name)")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
        let text = try await place.prune(arguments, environment: ["TMPDIR": scratch.path])
        #expect(text.status == 0 && text.process.outputText.contains("would take scoring"), "\(text.process.outputText)")
    }
}
