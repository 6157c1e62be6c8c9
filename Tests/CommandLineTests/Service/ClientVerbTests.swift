import Documents
import Foundation
import Server
import ServiceSupport
import TestSupport
import Testing

/// `submit`, `status`, `logs` and `download` against a real service.
@Suite struct ClientVerbTests {
    private static func run(
        _ arguments: [String], _ place: PruneTests.Place, _ world: World, environment: [String: String] = [:]
    ) async throws -> (status: Int32, process: PrunerProcess) {
        let variables = ["PRUNER_URL": try world.client.base, "PRUNER_TOKEN": ""].merging(environment) { $1 }
        return try await PrunerProcess.run(arguments, in: place.url, environment: variables)
    }

    private static func submit(_ place: PruneTests.Place, _ world: World) async throws -> String {
        let (status, process) = try await run(
            ["submit", "--checkpoint", "model", "--dataset", "pictures", "--name", "tuned"] + PruneTests.Place.options.dropLast(2), place,
            world)
        #expect(status == 0, "\(process.errorText)")
        let id = process.outputText.trimmingCharacters(in: .newlines)
        #expect(id.hasPrefix("job_") && !id.contains("\n"))
        return id
    }

    /// Sent or taken in here: what lies beside the pictures goes with them, and what is left out is told.
    @Test func captionsInAFolderGoWithItsPictures() async throws {
        let place = try PruneTests.Place()
        let lines = (0..<6).map { #"{"file_name":"\#($0).png","text":"number \#($0)"}"# }
        _ = try place.folder.file("pictures/metadata.jsonl", Array(lines.joined(separator: "\n").utf8))
        _ = try place.folder.file("pictures/notes.txt", [65])
        let note = "pictures: 1 file was left out that is no picture: 1 txt (notes.txt)"
        try await World.with { world in
            let inputs = ["--checkpoint", "model", "--dataset", "pictures"] + PruneTests.Place.options.dropLast(2)
            let sent = try await Self.run(["submit"] + inputs, place, world)
            #expect(sent.status == 0 && sent.process.errorText.contains(note), "\(sent.process.errorText)")
            let dataset = try await world.get("/v1/datasets").json["data"]?.elements.first
            #expect(dataset?["captions"] == 6 && dataset?["images"] == 6)
            let local = try await place.prune(inputs + ["--dry-run"])
            #expect(local.status == 0 && local.process.errorText.contains(note), "\(local.process.errorText)")
        }
    }

    /// What is said beside pictures is said to a server as it is done here.
    @Test func picturesThatCannotBeReadAreSkippedWhereThatIsAskedFor() async throws {
        let place = try PruneTests.Place()
        _ = try place.folder.file("pictures/broken.png", [65])
        try await World.with { world in
            let inputs = ["--checkpoint", "model", "--dataset", "pictures"] + PruneTests.Place.options.dropLast(2)
            for refused in [
                try await Self.run(["submit"] + inputs, place, world), try await place.prune(inputs + ["--dry-run", "--threads", "2"]),
            ] {
                #expect(refused.status == 65 && refused.process.errorText.contains("broken.png is neither"), "\(refused.process.errorText)")
            }
            let choices = ["--on-error", "skip", "--exif", "apply"]
            let note = "pictures: 1 picture was left out, as it cannot be read: broken.png is neither"
            let sent = try await Self.run(["submit"] + inputs + choices, place, world)
            #expect(sent.status == 0 && sent.process.errorText.contains(note), "\(sent.process.errorText)")
            let dataset = try await world.get("/v1/datasets").json["data"]?.elements.first
            #expect(dataset?["images"] == 6 && dataset?["exif"] == "apply")
            let local = try await place.prune(inputs + choices + ["--dry-run"])
            #expect(local.status == 0 && local.process.errorText.contains(note), "\(local.process.errorText)")
            let wrong = try await place.prune(inputs + ["--dry-run", "--on-error", "ignore"])
            #expect(wrong.status == 64 && wrong.process.errorText.contains("--on-error"), "\(wrong.process.errorText)")
        }
    }

    /// A file of weights alone has another checkpoint's configuration, where that is asked for.
    @Test func weightsByThemselvesAreCompleted() async throws {
        let place = try PruneTests.Place()
        try await World.with { world in
            let whole = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let inputs = ["submit", "--checkpoint", "model/diffusion_pytorch_model.safetensors", "--method", "magnitude"]
            let bare = try await Self.run(inputs, place, world)
            #expect(bare.status == 65, "\(bare.process.errorText)")
            let strange = try await Self.run(inputs + ["--config", "ckpt_1"], place, world)
            #expect(strange.status != 0 && strange.process.errorText.contains("ckpt_1"), "\(strange.process.errorText)")
            let sent = try await Self.run(inputs + ["--config", whole], place, world)
            #expect(sent.status == 0 && sent.process.errorText.contains("the configuration is \(whole)'s"), "\(sent.process.errorText)")
        }
    }

    @Test func aJobIsSubmittedFollowedAndFetched() async throws {
        let place = try PruneTests.Place()
        try await World.with { world in
            let id = try await Self.submit(place, world)
            let logs = try await Self.run(["logs", id, "--follow"], place, world)
            #expect(logs.status == 0, "\(logs.process.errorText)")
            let lines = logs.process.outputText.split(separator: "\n")
            #expect(lines.first?.hasSuffix("  queued") == true && lines.last?.hasSuffix("  succeeded") == true, "\(lines)")
            #expect(lines.contains { $0.hasSuffix("  phase  phase=finetuning") })
            // The same afterwards, as lines and as JSON.
            #expect(try await Self.run(["logs", id], place, world).process.outputText == logs.process.outputText)
            let events = try await Self.run(["logs", id, "--json"], place, world).process.outputText.split(separator: "\n")
            let listed = try await world.get("/v1/jobs/\(id)/events").json["data"]?.elements
            #expect(try events.map { try JSON(parsing: Array($0.utf8)) } == listed)

            let list = try await Self.run(["status"], place, world).process.outputText
            #expect(list.contains(id) && list.contains("succeeded") && list.contains("tuned"), "\(list)")
            #expect(try await Self.run(["status", "--status", "failed"], place, world).process.outputText == "no jobs\n")
            let one = try await Self.run(["status", id], place, world).process.outputText
            for word in ["succeeded", "checkpoint", "parameters", "before fine-tuning"] { #expect(one.contains(word), "\(one)") }
            let job = try await world.get("/v1/jobs/\(id)").json
            #expect(try await Self.run(["status", id, "--json"], place, world).process.json == job)

            // A folder is what prune makes of the same.
            let fetched = try await Self.run(["download", id, "--out", "fetched"], place, world)
            #expect(fetched.status == 0, "\(fetched.process.errorText)")
            let inputs = ["--checkpoint", "model", "--dataset", "pictures", "--name", "tuned", "--out", "local"]
            #expect(try await place.prune(inputs + PruneTests.Place.options).status == 0)
            #expect(try place.files("fetched") == place.files("local"))
            for path in try place.files("local") where !path.hasSuffix(".json") && !path.hasSuffix(".html") {
                #expect(try place.bytes("fetched/\(path)") == place.bytes("local/\(path)"), "\(path)")
            }
            #expect(!place.exists("fetched.unfinished"))

            // An archive is what the server makes.
            let result = try #require(job.at("result", "checkpoint").text)
            for (source, format) in [(id, "tar"), (result, "tar.gz"), (result, "zip")] {
                let out = "\(format)-file.\(format)"
                let fetched = try await Self.run(["download", source, "--out", out, "--quiet"], place, world)
                #expect(fetched.status == 0 && fetched.process.errorText.isEmpty, "\(fetched.process.errorText)")
                #expect(try await world.get("/v1/checkpoints/\(result)/content?format=\(format)").data == place.bytes(out), "\(format)")
                #expect(!place.exists("\(out).unfinished"))
            }
        }
    }

    @Test func aJobOfStoredThingsIsWaitedFor() async throws {
        let place = try PruneTests.Place()
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let inputs = ["submit", "--checkpoint", checkpoint, "--dataset", dataset, "--wait"]
            let good = try await Self.run(inputs + ["--method", "magnitude", "--json"], place, world)
            #expect(good.status == 0 && good.process.json["status"]?.text == "succeeded", "\(good.process.errorText)")
            let options = ["--method", "magnitude", "--steps", "40", "--learning-rate", "1e6", "--batch-size", "2"]
            let bad = try await Self.run(inputs + options, place, world)
            #expect(bad.status == 1 && bad.process.errorText.contains("(loss_not_finite)"), "\(bad.process.errorText)")
            let id = bad.process.outputText.trimmingCharacters(in: .newlines)
            let logs = try await Self.run(["logs", id, "--follow", "--quiet"], place, world)
            #expect(logs.status == 1 && logs.process.outputText.contains("  failed"), "\(logs.process.outputText)")
            // What it had pruned is kept, and can be had.
            #expect(try await Self.run(["download", id, "--out", "pruned"], place, world).status == 0)
            #expect(place.exists("pruned/unet/config.json") && !place.exists("pruned/pruned"))
        }
    }

    @Test func aDownloadThatWasCutOffGoesOn() async throws {
        let place = try PruneTests.Place()
        try await World.with { world in
            let id = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let path = "unet/diffusion_pytorch_model.safetensors"
            let weights = try await world.get("/v1/checkpoints/\(id)/files/\(path)").data
            // What a command leaves that was killed while it fetched the weights.
            _ = try place.folder.file("out.unfinished/request.json", Array(#"{"download":"\#(id)"}"#.utf8))
            _ = try place.folder.file("out.unfinished/assembling/\(path)", Array(weights.prefix(10_000)))
            let other = try await Self.run(["download", "job_x", "--out", "out"], place, world)
            #expect(other.status == 1)
            let second = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let another = try await Self.run(["download", second, "--out", "out"], place, world)
            #expect(
                another.status == 64 && another.process.errorText.contains("add --restart to throw it away"), "\(another.process.errorText)"
            )
            #expect(place.exists("out.unfinished/assembling/\(path)") && !place.exists("out"))
            #expect(try await Self.run(["download", id, "--out", "out"], place, world).status == 0)
            #expect(try place.bytes("out/\(path)") == weights)
            #expect(try place.files("out") == ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json", path])
            #expect(!place.exists("out.unfinished"))
        }
    }

    @Test func aRefusalIsToldInWords() async throws {
        let place = try PruneTests.Place()
        _ = try place.folder.file("there/file", [1])
        try await World.with { world in
            let inputs = ["submit", "--checkpoint", "model", "--dataset", "pictures"]
            let table: [([String], Int32, String)] = [
                (inputs + ["--ratio", "2"], 64, "Error: --ratio must be between 0 and 0.95\n"),
                (inputs + ["--batch-size", "7"], 64, "Error: --batch-size must be at most 6, the number of pictures\n"),
                (["submit", "--checkpoint", "ckpt_x", "--method", "random"], 64, "Error: --checkpoint there is no checkpoint ckpt_x\n"),
                (
                    ["submit", "--checkpoint", "pictures", "--method", "random"], 65,
                    "Error: pictures: config.json or unet/config.json is missing\n"
                ),
                (["submit", "--checkpoint", "nothing"], 65, "Error: nothing: No such file or directory\n"),
                (["status", "job_x"], 1, "Error: there is no job job_x\n"), (["status", "a/../b"], 1, "Error: "),
                (["logs", "job_x"], 1, "Error: there is no job job_x\n"),
                (["logs", "job_x", "--follow"], 1, "Error: there is no job job_x\n"),
                (["download", "ckpt_x", "--out", "x"], 1, "Error: there is no checkpoint ckpt_x\n"),
                (["download", "job_x", "--out", "x"], 1, "Error: there is no job job_x\n"),
                (["status", "--limit", "0"], 64, "Error: --limit must be between 1 and 100\n"),
                (["status", "--url", "ftp://127.0.0.1/"], 69, "is not a URL that begins with http:// or https://"),
                (["status", "--token-file", "missing"], 64, "Error: --token-file: missing cannot be read\n"),
            ]
            for (arguments, status, text) in table {
                let (found, process) = try await Self.run(arguments, place, world)
                #expect(found == status && process.errorText.contains(text), "\(arguments): \(found) \(process.errorText)")
                #expect(process.outputText.isEmpty, "\(arguments)")
            }
            #expect(!place.exists("x") && !place.exists("x.unfinished"))
            let id = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let (status, process) = try await Self.run(["download", id, "--out", "there"], place, world)
            #expect(status == 64 && process.errorText.contains("--out: there is there already"), "\(process.errorText)")
            #expect(!place.exists("there.unfinished"))
        }
    }

    @Test func withoutAServerAWordOfAdviceIsGiven() async throws {
        let place = try PruneTests.Place()
        var url = ""
        try await World.with { url = try $0.client.base }
        let (status, process) = try await PrunerProcess.run(["status"], in: place.url, environment: ["PRUNER_URL": url])
        #expect(status == 69 && process.errorText.contains("is a pruner server running there?"), "\(process.errorText)")
    }

    @Test func aTokenComesFromTheEnvironmentOrAFile() async throws {
        let place = try PruneTests.Place()
        try await World.with { world in
            let created = try DataFolderDoor(path: world.folder.path).perform(.createToken, ["name": "t", "scope": "read"])
            let secret = try #require(created["token"]?.text)
            _ = try place.folder.file("token", Array("\(secret)\n".utf8))
            let without = try await Self.run(["status"], place, world)
            #expect(
                without.status == 77 && without.process.errorText.contains("PRUNER_TOKEN or --token-file"), "\(without.process.errorText)")
            #expect(try await Self.run(["status"], place, world, environment: ["PRUNER_TOKEN": secret]).status == 0)
            #expect(try await Self.run(["status", "--token-file", "token"], place, world).status == 0)
            #expect(try await Self.run(["status"], place, world, environment: ["PRUNER_TOKEN": "a\r\nX-B: c"]).status == 64)
            let reading = try await Self.run(
                ["submit", "--checkpoint", "model", "--method", "random"], place, world, environment: ["PRUNER_TOKEN": secret])
            #expect(reading.status == 77 && reading.process.errorText.contains("this token may only read"), "\(reading.process.errorText)")
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func aShellGetsItsCompletions(shell: String) async throws {
        let place = try PruneTests.Place()
        let (status, process) = try await PrunerProcess.run(["--generate-completion-script", shell], in: place.url)
        #expect(status == 0)
        let text = process.outputText
        for word in ["prune", "submit", "status", "logs", "download", "diff-pruning", "diffusers", "ddim", "sampling-steps", "token-file"] {
            #expect(text.contains(word), "\(shell): \(word)")
        }
        guard shell == "bash" else { return }
        let script = try place.folder.file("completion.bash", Array(text.utf8))
        #expect(try ChildProcess.run(["bash", "-n", script]) == 0)
    }

    @Test func jobsAreCompletedByTheirIdentifiers() async throws {
        let place = try PruneTests.Place()
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let answer = try await world.post("/v1/jobs", ["checkpoint": .string(checkpoint), "pruning": ["method": "random"]])
            let job = try #require(answer.json["id"]?.text)
            func completed(_ command: String) async throws -> [String] {
                // As the script that is generated asks.
                try await Self.run(["---completion", command, "--", "positional@0", "2", "0", "pruner", command, ""], place, world)
                    .process.outputText.split(separator: "\n").map(String.init)
            }
            #expect(try await completed("logs") == [job])
            #expect(try await completed("status") == [job])
            _ = try await world.finished(job)
            #expect(try await Set(completed("download")).isSuperset(of: [job, checkpoint]))
        }
    }
}
