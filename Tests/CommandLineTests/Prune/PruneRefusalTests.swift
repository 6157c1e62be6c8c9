import Foundation
import Testing

/// What `pruner prune` does not do, and says why; nothing is left behind.
@Suite struct PruneRefusalTests {
    private static let inputs = ["--checkpoint", "model", "--dataset", "pictures", "--out", "out"]

    @Test(arguments: [
        (inputs + ["--ratio", "0.99"], 64, "--ratio must be between 0 and 0.95"),
        (inputs + ["--ratio", "nan"], 64, "The value 'nan' is invalid for '--ratio <ratio>'"),
        (inputs + ["--ratio", "0.0001"], 64, "--ratio "),
        (inputs + ["--ratio", "0.5", "--max-macs", "50%"], 64, "--ratio and --max-macs cannot be given together"),
        (inputs + ["--max-macs", "half"], 64, "The value 'half' is invalid for '--max-macs <max-macs>'"),
        (inputs + ["--max-parameters", "2%"], 64, "--max-parameters must be between 0.05 and 1"),
        (inputs + ["--max-size", "1KB", "--batch-size", "2"], 64, "--max-size cannot be met: 1000 are asked for, and the nearest"),
        (inputs + ["--method", "magic"], 64, "diff-pruning"),
        (inputs + ["--threshold", "low"], 64, "The value 'low' is invalid for '--threshold <threshold>'"),
        (
            inputs + ["--threshold", "auto", "--method", "taylor", "--batch-size", "2"], 64,
            "--threshold must be a number with the method taylor"
        ),
        (inputs + ["--batch-size", "7"], 64, "--batch-size must be at most 6, the number of pictures"),
        (inputs + ["--steps", "0", "--batch-size", "2"], 64, "--steps must be a whole number between 1 and"),
        (
            inputs + ["--samples", "60000", "--seed=-1"], 64,
            "--seed must be a whole number, at least 0\n--samples must be a whole number between 1 and 50000"
        ),
        (inputs + ["--sampling-steps", "5000", "--batch-size", "2"], 64, "--sampling-steps "),
        (inputs + ["--threads", "9999"], 64, "--threads must be between 0 and 1024"),
        (inputs + ["--request", "missing.json"], 64, "missing.json cannot be read"),
        (inputs + ["--request", "model/config.json"], 64, "is not a known field"),
        (inputs + ["--request", "model/diffusion_pytorch_model.safetensors"], 64, "is not JSON"),
        (inputs + ["--plan", "model/config.json"], 64, "--plan"),
        (["--checkpoint", "model", "--out", "out"], 64, "--dataset is required by the method diff-pruning"),
        (["--checkpoint", "model", "--dataset", "pictures"], 64, "--out"),
        (["--checkpoint", "nothing", "--dataset", "pictures", "--out", "out"], 65, "nothing: No such file or directory"),
        (["--checkpoint", "model", "--dataset", "empty", "--out", "out"], 65, "empty: the folder holds no files"),
        (
            ["--checkpoint", "pictures", "--dataset", "pictures", "--out", "out"], 65,
            "pictures: config.json or unet/config.json is missing"
        ),
        (["--checkpoint", "model", "--dataset", "model", "--out", "out"], 65, "model: the archive holds no picture that is read"),
        (["--checkpoint", "text", "--dataset", "pictures", "--out", "out"], 65, "text: not a tar, tar.gz or zip archive, but text"),
        (["--checkpoint", "/dev/null", "--dataset", "pictures", "--out", "out"], 65, "/dev/null is neither a folder nor a file"),
    ])
    func aRefusalNamesTheOptionOrTheFile(arguments: [String], status: Int32, text: String) async throws {
        let place = try PruneTests.Place()
        try FileManager.default.createDirectory(at: place.url.appendingPathComponent("empty"), withIntermediateDirectories: true)
        _ = try place.folder.file("text", Array("hello".utf8))
        let (found, process) = try await place.prune(arguments)
        #expect(found == status && process.errorText.contains(text), "\(found): \(process.errorText)")
        #expect(process.outputText.isEmpty && !place.exists("out") && !place.exists("out.unfinished"))
    }

    @Test func whatIsThereIsNotReplaced() async throws {
        let place = try PruneTests.Place()
        _ = try place.folder.file("out/precious", [1])
        let (status, process) = try await place.prune(Self.inputs + ["--batch-size", "2"])
        #expect(status == 64 && process.errorText.contains("--out: out is there already"), "\(process.errorText)")
        #expect(try place.files("out") == ["precious"])
        #expect(!place.exists("out.unfinished"))
        // An empty folder is taken.
        let arguments = ["--checkpoint", "model", "--method", "random", "--ratio", "0.5", "--out", "empty"]
        try FileManager.default.createDirectory(at: place.url.appendingPathComponent("empty"), withIntermediateDirectories: true)
        #expect(try await place.prune(arguments).status == 0)
        #expect(try await place.prune(arguments).status == 64)
        #expect(place.exists("empty/unet/config.json") && !place.exists("empty.unfinished"))
    }

    @Test func aLossThatIsNoNumberFailsWithTheJobsOwnWords() async throws {
        let place = try PruneTests.Place()
        let (status, process) = try await place.prune(
            Self.inputs + ["--method", "magnitude", "--steps", "40", "--learning-rate", "1e6", "--batch-size", "2"])
        #expect(status == 1 && process.errorText.contains("(loss_not_finite)"), "\(status): \(process.errorText)")
        #expect(!place.exists("out") && !place.exists("out.unfinished"))
    }
}
