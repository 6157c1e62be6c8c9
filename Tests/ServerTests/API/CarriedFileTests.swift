import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// What stands beside a network's own files in an upload: told, left out or handed on, and never anybody's secrets.
@Suite struct CarriedFileTests {
    private static let index =
        #"{"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"], "prior": ["x", "Y"]}"#

    /// A pipeline's folder, with more files.
    private func pipeline(_ more: [(String, String)] = []) throws -> [(String, [UInt8])] {
        try Samples.unet().map { ("unet/\($0.0)", $0.1) }
            + ([
                ("model_index.json", Self.index), ("scheduler/scheduler_config.json", #"{"_class_name": "DDPMScheduler"}"#),
            ] + more).map { ($0.0, Array($0.1.utf8)) }
    }

    private func upload(_ world: World, _ files: [(String, [UInt8])], query: String = "") async throws -> JSON {
        let answer = try await world.send("POST", "/v1/checkpoints\(query)", body: Samples.archive(files))
        try #require(answer.status == 201, "\(answer.detail)")
        return answer.json
    }

    private func paths(_ checkpoint: JSON) -> Set<String> { Set(checkpoint.at("files").elements.compactMap { $0["path"]?.text }) }

    private static let parts: Set = [
        "model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
    ]

    @Test func aPipelinesComponentsGoOnAndNothingElse() async throws {
        let more = [
            ("vqvae/weights.bin", "x"), ("prior/config.json", "{}"), ("README.md", "# A model"), (".git/config", "[remote]"),
            (".cache/huggingface/token", "hf_secret"), ("vqvae/evil.py", "import os"), ("optimizer.bin", "x"), ("logs/events.txt", "x"),
            ("unet/notes.txt", "x"), ("LICENSE.txt", "MIT"), ("vqvae/LICENSE", "x"), ("tokenizer/.ipynb_checkpoints/vocab.json", "{}"),
            ("manifest.json", "{}"),
        ]
        try await World.with { world in
            let checkpoint = try await upload(world, pipeline(more))
            #expect(paths(checkpoint) == Self.parts.union(["vqvae/weights.bin", "prior/config.json", "LICENSE.txt"]))
            let said = checkpoint.at("warnings").compact
            for name in [
                "3 hidden files were left out: .cache/huggingface/token, .git/config, tokenizer/.ipynb_checkpoints/vocab.json",
                "1 script was left out, as whoever loads a pipeline may run what is in it: vqvae/evil.py",
                "logs/events.txt, optimizer.bin, unet/notes.txt", "1 pickle was handed on unread", "vqvae/weights.bin",
            ] {
                #expect(said.contains(name), "\(name) in \(said)")
            }
            #expect(!said.contains("README.md") && !said.contains("LICENSE") && !said.contains("manifest.json"))
        }
    }

    @Test func aSecondNetworkIsToldAndNotHandedOn() async throws {
        let average = try Samples.unet().map { ("unet_ema/\($0.0)", $0.1) }
        try await World.with { world in
            let checkpoint = try await upload(world, pipeline() + average)
            #expect(paths(checkpoint) == Self.parts)
            let said = checkpoint.at("warnings").compact
            #expect(said.contains("unet_ema/ holds another UNet2DModel, an average by its name"), "\(said)")
        }
    }

    @Test func aPlaceholderIsRefusedByItsName() async throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 14206\n"
        let page = "\n<!doctype html><title>404</title>"
        try await World.with { world in
            for (path, text, found) in [
                ("vae/diffusion_pytorch_model.safetensors", pointer, "Git LFS pointer"), ("vae/config.json", page, "HTML page"),
                ("unet/config.json", pointer, "Git LFS pointer"), ("unet/diffusion_pytorch_model.safetensors", page, "HTML page"),
                ("scheduler/scheduler_config.json", pointer, "Git LFS pointer"),
            ] {
                let files = try pipeline().filter { $0.0 != path } + [(path, Array(text.utf8))]
                let answer = try await world.send("POST", "/v1/checkpoints", body: Samples.archive(files))
                let name = path.hasSuffix("tensors") ? String(path.split(separator: "/").last ?? "") : path
                #expect(answer.status == 422 && answer.detail.contains(name) && answer.detail.contains(found), "\(path): \(answer.detail)")
            }
            let answer = try await world.send("POST", "/v1/checkpoints", body: Data(page.utf8))
            #expect(answer.status == 422 && answer.detail.contains("HTML page"), "\(answer.detail)")
        }
    }

    @Test func pathsOfSomebodysMachineAreTakenOut() async throws {
        let config = Array(try JSON(parsing: Samples.config(["_name_or_path": "/home/somebody/runs/unet"])).compact.utf8)
        let files =
            try pipeline([("vae/config.json", #"{"_class_name": "VQModel", "_name_or_path": "C:\\runs\\vae", "act_fn": "silu"}"#)])
            .filter { $0.0 != "unet/config.json" } + [("unet/config.json", config)]
        try await World.with { world in
            let checkpoint = try await upload(world, files)
            let said = checkpoint.at("warnings").compact
            #expect(said.contains("_name_or_path of unet/config.json, _name_or_path of vae/config.json"), "\(said)")
            let id = try #require(checkpoint.at("id").text)
            for path in ["unet/config.json", "vae/config.json"] {
                let kept = try await world.get("/v1/checkpoints/\(id)/files/\(path)").json
                #expect(kept["_name_or_path"] == nil && kept["act_fn"] == "silu", "\(kept)")
            }
        }
    }

    @Test func anIndexThatIsNoneIsToldAndWritten() async throws {
        try await World.with { world in
            let checkpoint = try await upload(
                world, pipeline().filter { $0.0 != "model_index.json" } + [("model_index.json", Array("{broken".utf8))])
            let said = checkpoint.at("warnings").compact
            #expect(said.contains("model_index.json is not read (not JSON: line 1, column 2"), "\(said)")
            let id = try #require(checkpoint.at("id").text)
            #expect(try await world.get("/v1/checkpoints/\(id)/files/model_index.json").json["unet"] != nil)
        }
    }

    @Test func whichOfSeveralFilesWasTakenIsTold() async throws {
        let more = [("config.json", "{}"), ("unet/diffusion_pytorch_model.bin", "x"), ("scheduler_config.json", "{}")]
        try await World.with { world in
            let said = try await upload(world, pipeline(more)).at("warnings").compact
            #expect(said.contains("unet/config.json is taken, config.json beside it is not read"), "\(said)")
            #expect(said.contains("scheduler/scheduler_config.json is taken, scheduler_config.json beside it is not read"), "\(said)")
            #expect(said.contains("also there, and not read: diffusion_pytorch_model.bin"), "\(said)")
        }
    }

    @Test func aConfigurationThatIsElsewhereIsPointedAt() async throws {
        try await World.with { world in
            for (path, isTold) in [("weights/unet/config.json", true), ("config (1).json", true), ("notes/x.json", false)] {
                let files = try pipeline().filter { $0.0 != "unet/config.json" } + [(path, Samples.config([:]))]
                let answer = try await world.send("POST", "/v1/checkpoints", body: Samples.archive(files))
                #expect(answer.status == 422 && answer.detail.hasPrefix("config.json or unet/config.json is missing"), "\(answer.detail)")
                #expect(answer.detail.contains("there is \(path)") == isTold, "\(answer.detail)")
            }
        }
    }

    @Test func aConfigurationWithoutAClassIsTakenWhereItsKeysTellIt() async throws {
        try await World.with { world in
            let config = try Samples.config(["_class_name": .null])
            let files = try pipeline().filter { $0.0 != "unet/config.json" }
            let said = try await upload(world, files + [("unet/config.json", config)]).at("warnings").compact
            #expect(said.contains("unet/config.json has no _class_name: it is taken for that of a UNet2DModel"), "\(said)")
            let other = Array(#"{"hidden_size": 384, "num_heads": 6}"#.utf8)
            let answer = try await world.send("POST", "/v1/checkpoints", body: Samples.archive(files + [("unet/config.json", other)]))
            #expect(answer.detail.hasPrefix("unet/config.json: _class_name is missing, expected \"UNet2DModel\""), "\(answer.detail)")
        }
    }

    @Test func weightsAloneGoWithTheConfigurationOfACheckpointThatIsHere() async throws {
        let unet = try Samples.unet()
        let weights = try #require(unet.first { $0.0.hasSuffix(".safetensors") })
        try await World.with { world in
            let lender = try #require(try await upload(world, pipeline([("vqvae/config.json", "{}")])).at("id").text)
            let bare = try await world.send("POST", "/v1/checkpoints?config=\(lender)", body: Data(weights.1))
            #expect(bare.status == 201, "\(bare.detail)")
            #expect(paths(bare.json) == Self.parts.union(["vqvae/config.json"]))
            #expect(bare.json.at("warnings").compact.contains("the configuration is \(lender)'s"))
            let nested = try await upload(world, [("unet/\(weights.0)", weights.1), ("scheduler/x.txt", [])], query: "?config=\(lender)")
            #expect(paths(nested).isSuperset(of: Self.parts))
            let both = try await world.send("POST", "/v1/checkpoints?config=\(lender)", body: Samples.archive(unet))
            #expect(both.status == 422 && both.detail.contains("config.json"), "\(both.detail)")
            let nobody = try await world.send("POST", "/v1/checkpoints?config=ckpt_nothing", body: Data(weights.1))
            #expect(nobody.status == 404 && nobody.detail.contains("ckpt_nothing"), "\(nobody.detail)")
        }
    }
}
