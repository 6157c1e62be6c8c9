import Documents
import Foundation
import ServiceSupport
import Testing

/// `pruner prune` that is ended early, however, goes on with the same command and ends as it would have ended.
@Suite struct InterruptedPruneTests {
    private static let inputs = ["--checkpoint", "model", "--dataset", "pictures"]
    // Long enough to be caught in each phase.
    private static let options = [
        "--ratio", "0.5", "--threshold", "0", "--timestep-stride", "3", "--batch-size", "2", "--steps", "250", "--samples", "2",
        "--sampling-steps", "120", "--sampler", "ddpm", "--seed", "5", "--threads", "2",
    ]

    /// Everything but what a clock, an identifier or the process decides.
    private static func outcome(_ place: PruneTests.Place, _ out: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for path in try place.files(out) where !path.hasSuffix(".json") && path != "report.html" {
            files[path] = try place.bytes("\(out)/\(path)")
        }
        files["metrics.json"] = Data(PruneTests.timeless(try place.json("\(out)/metrics.json")).compact.utf8)
        return files
    }

    private static func expectSame(_ place: PruneTests.Place, _ one: String, _ other: String) throws {
        let (one, other) = (try outcome(place, one), try outcome(place, other))
        #expect(Set(one.keys) == Set(other.keys) && one.count >= 6)
        for (path, bytes) in one { #expect(other[path] == bytes, "\(path)") }
    }

    @Test func howeverItIsDisturbedItEndsAsAnUndisturbedOne() async throws {
        let place = try PruneTests.Place()
        #expect(try await place.prune(Self.inputs + Self.options + ["--out", "undisturbed"]).status == 0)
        try await Self.killInEveryPhase(place)
        for signal in [SIGINT, SIGTERM] { try await Self.askToEnd(place, signal) }
    }

    private static func killInEveryPhase(_ place: PruneTests.Place) async throws {
        _ = try place.folder.file("often.yaml", Array("save_steps: 5\n".utf8))
        let command = ["prune"] + inputs + options + ["--config", "often.yaml", "--out", "killed"]
        for phase in ["scoring", "finetuning", "evaluating"] {
            let process = try PrunerProcess(command, in: place.url)
            #expect(await process.tells("\(phase) "), "\(process.errorText)")
            process.signal(SIGKILL)
            #expect(await process.end() == -SIGKILL)
            #expect(!place.exists("killed") && place.exists("killed.unfinished"))
            // Phases that are done are not done again.
            if phase == "evaluating" { #expect(!process.errorText.contains("scoring"), "\(process.errorText)") }
        }
        let last = try await PrunerProcess.run(command, in: place.url)
        #expect(last.status == 0, "\(last.process.errorText)")
        #expect(last.process.errorText.contains("going on with what was stopped\n"), "\(last.process.errorText)")
        #expect(!last.process.errorText.contains("finetuning"))
        try expectSame(place, "undisturbed", "killed")
        #expect(!place.exists("killed.unfinished"))
    }

    /// Asked to end it saves, and says how to go on.
    private static func askToEnd(_ place: PruneTests.Place, _ signal: Int32) async throws {
        let out = "stopped-\(signal)"
        let command = ["prune"] + inputs + options + ["--out", out]
        for phase in ["scoring", "finetuning"] {
            let process = try PrunerProcess(command, in: place.url)
            #expect(await process.tells("\(phase) "), "\(process.errorText)")
            process.signal(signal)
            #expect(await process.end() == 128 + signal, "\(process.errorText)")
            // Before a phase's first step there is no place in it to go on from.
            let isTold = process.errorText.contains("stopped at \(phase) ") || process.errorText.contains("\nstopped; ")
            #expect(isTold && process.errorText.hasSuffix("; the same command goes on from there\n"), "\(process.errorText)")
        }
        #expect(try await PrunerProcess.run(command, in: place.url).status == 0)
        try expectSame(place, "undisturbed", out)
    }

    @Test func killedOnItsLastStepItOnlyPutsTheResultInItsPlace() async throws {
        let place = try PruneTests.Place()
        let command =
            ["prune"] + Self.inputs + ["--ratio", "0.5", "--timestep-stride", "4", "--threshold", "0", "--batch-size", "2", "--out", "out"]
        let process = try PrunerProcess(command, in: place.url)
        #expect(await process.tells("scoring "), "\(process.errorText)")
        process.signal(SIGKILL)
        await process.end()
        let request = try place.bytes("out.unfinished/request.json")
        #expect(try await PrunerProcess.run(command, in: place.url).status == 0)
        let files = try place.files("out")

        // As it is before the last rename.
        try FileManager.default.createDirectory(
            at: place.url.appendingPathComponent("out.unfinished/store"), withIntermediateDirectories: true)
        try request.write(to: place.url.appendingPathComponent("out.unfinished/request.json"))
        try FileManager.default.moveItem(atPath: place.url.path + "/out", toPath: place.url.path + "/out.unfinished/result")
        let last = try await PrunerProcess.run(command, in: place.url)
        #expect(last.status == 0 && last.process.outputText.contains("the result is in"), "\(last.process.errorText)")
        #expect(last.process.errorText.isEmpty)
        #expect(try place.files("out") == files)
        #expect(!place.exists("out.unfinished"))

        // As it is after it.
        try FileManager.default.createDirectory(at: place.url.appendingPathComponent("out.unfinished"), withIntermediateDirectories: true)
        try request.write(to: place.url.appendingPathComponent("out.unfinished/request.json"))
        #expect(try await PrunerProcess.run(command, in: place.url).status == 64)
        #expect(try place.files("out") == files)
        #expect(!place.exists("out.unfinished"))
    }

    @Test func anotherCommandInTheSamePlaceIsRefusedOrStartsAnew() async throws {
        let place = try PruneTests.Place()
        let command = ["prune"] + Self.inputs + Self.options + ["--out", "out"]
        let process = try PrunerProcess(command, in: place.url)
        #expect(await process.tells("scoring "), "\(process.errorText)")
        // While it is at work.
        let second = try await PrunerProcess.run(command, in: place.url)
        #expect(second.status == 64 && second.process.errorText.contains("another process is at work on it"), "\(second.process.errorText)")
        process.signal(SIGKILL)
        await process.end()

        let short = ["--method", "magnitude", "--ratio", "0.25"]
        let other = try await place.prune(Self.inputs + short + ["--out", "out"])
        #expect(other.status == 64, "\(other.process.errorText)")
        let differences = "--batch-size, --method, --ratio, --seed, --threshold, --timestep-stride, evaluation, fine-tuning"
        #expect(other.process.errorText.contains("it differs in \(differences)\n"), "\(other.process.errorText)")
        #expect(other.process.errorText.contains("add --restart to throw it away"))
        // Other pictures are another job, whatever they are called.
        try Data(try place.bytes("pictures/0.png")).write(to: place.url.appendingPathComponent("pictures/1.png"))
        let changed = try await PrunerProcess.run(command, in: place.url)
        #expect(changed.status == 64 && changed.process.errorText.contains("it differs in --dataset\n"), "\(changed.process.errorText)")
        #expect(!place.exists("out") && place.exists("out.unfinished"))

        let anew = try await place.prune(Self.inputs + short + ["--out", "out", "--restart"])
        #expect(anew.status == 0, "\(anew.process.errorText)")
        #expect(!place.exists("out.unfinished") && !place.exists("out/pruned"))
    }
}
