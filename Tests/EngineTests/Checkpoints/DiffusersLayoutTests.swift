import Engine
import Testing

@Suite struct DiffusersLayoutTests {
    @Test func aPipelineIsRead() throws {
        let layout = try DiffusersLayout(paths: [
            "model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
            "README.md",
        ])
        #expect(layout.config == "unet/config.json")
        #expect(layout.weights == "unet/diffusion_pytorch_model.safetensors")
        #expect(layout.scheduler == "scheduler/scheduler_config.json")
        #expect(layout.index == "model_index.json")
        #expect(layout.others == [])
        #expect(!layout.isLatent)
    }

    @Test func aFlatFolderIsRead() throws {
        let layout = try DiffusersLayout(paths: ["config.json", "model.safetensors", "scheduler_config.json"])
        #expect(layout.config == "config.json")
        #expect(layout.weights == "model.safetensors")
        #expect(layout.scheduler == "scheduler_config.json")
        #expect(layout.index == nil)
    }

    /// As google/ddpm-cifar10-32 is published.
    @Test func aFlatFolderMayHaveAnIndexAndAPickleBesideItsWeights() throws {
        let layout = try DiffusersLayout(paths: [
            "model_index.json", "config.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors",
            "scheduler_config.json",
        ])
        #expect(layout.config == "config.json")
        #expect(layout.weights == "diffusion_pytorch_model.safetensors")
        #expect(layout.index == "model_index.json")
    }

    @Test func aConfigAloneHasNoWeights() throws {
        let layout = try DiffusersLayout(paths: ["config.json"])
        #expect(layout.weights == nil)
        #expect(layout.scheduler == nil)
    }

    @Test(arguments: [["unet/diffusion_pytorch_model.safetensors"], [], ["scheduler/config.json"], ["sub/config.json"]])
    func aFolderWithoutConfigIsRefused(paths: [String]) {
        let near = paths.filter { $0.hasSuffix("config.json") }
        #expect(throws: CheckpointError.missingConfiguration(near: near)) { try DiffusersLayout(paths: paths) }
    }

    @Test func severalWeightsAreRefusedUnlessOneHasTheStandardName() throws {
        let paths = ["unet/config.json", "unet/b.safetensors", "unet/a.safetensors"]
        #expect(throws: CheckpointError.ambiguous("the weights", found: ["unet/a.safetensors", "unet/b.safetensors"])) {
            try DiffusersLayout(paths: paths)
        }
        let standard = try DiffusersLayout(paths: paths + ["unet/diffusion_pytorch_model.safetensors"])
        #expect(standard.weights == "unet/diffusion_pytorch_model.safetensors")
    }

    @Test(arguments: ["diffusion_pytorch_model.bin", "model.pt", "model.pth", "model.ckpt"])
    func aPyTorchFileIsTakenWhereThereIsNoSafetensors(pickle: String) throws {
        #expect(try DiffusersLayout(paths: ["unet/config.json", "unet/\(pickle)"]).weights == "unet/\(pickle)")
        // As diffusers, which looks for its own names only; then for the safer format.
        let taken = pickle.hasPrefix("diffusion") ? pickle : "other.safetensors"
        #expect(try DiffusersLayout(paths: ["config.json", pickle, "other.safetensors"]).weights == taken)
    }

    @Test func severalPyTorchFilesAreRefused() throws {
        #expect(throws: CheckpointError.ambiguous("the weights", found: ["a.pt", "b.ckpt"])) {
            try DiffusersLayout(paths: ["config.json", "b.ckpt", "a.pt"])
        }
    }

    private func choice(_ names: [String], variant: String? = nil) throws -> (weights: String?, notes: [String]) {
        let layout = try DiffusersLayout(paths: ["unet/config.json"] + names.map { "unet/\($0)" }, variant: variant)
        return (layout.weights.map { String($0.dropFirst(5)) }, layout.notes.map(\.detail))
    }

    private static let stem = "diffusion_pytorch_model"

    @Test func theStandardFileIsTakenBeforeAnyVariantAndSafetensorsBeforePyTorch() throws {
        let stem = Self.stem
        let order = [
            "\(stem).safetensors", "\(stem).safetensors.index.json", "\(stem).bin", "\(stem).bin.index.json", "\(stem).fp16.safetensors",
        ]
        for index in order.indices {
            let (weights, notes) = try choice(order[index...].shuffled())
            #expect(weights == order[index])
            // What was chosen is told, as there is always something else.
            #expect(notes.count == 1 && notes[0].contains("variant") == (index == 4), "\(notes)")
        }
    }

    @Test(arguments: [
        (["fp16", "non_ema"], "fp16"), (["fp16", "bf16"], "bf16"), (["non_ema", "fp16.non_ema"], "non_ema"), (["b", "a", "fp16"], "a"),
        (["x"], "x"),
    ])
    func amongVariantsOneIsTakenByARule(variants: [String], taken: String) throws {
        let (weights, notes) = try choice(variants.map { "\(Self.stem).\($0).safetensors" })
        #expect(weights == "\(Self.stem).\(taken).safetensors")
        #expect(notes.count == 1 && notes[0].contains("\"\(taken)\""))
        for other in variants where other != taken { #expect(notes[0].contains(other)) }
    }

    @Test(arguments: [
        "\(stem).fp16.safetensors", "\(stem).fp16.bin", "\(stem).fp16.safetensors.index.json", "\(stem).safetensors.index.fp16.json",
        "\(stem).safetensors.fp16.index.json", "\(stem).bin.index.fp16.json",
    ])
    func aVariantIsFoundUnderEachOfItsNames(name: String) throws {
        let shards = ["\(Self.stem).fp16-00001-of-00002.safetensors", "\(Self.stem)-00002-of-00002.fp16.safetensors"]
        #expect(try choice(["\(Self.stem).safetensors", name] + shards, variant: "fp16").weights == name)
        #expect(try choice([name] + shards).weights == name)
        #expect(try choice(["\(Self.stem).safetensors", name]).weights == "\(Self.stem).safetensors")
    }

    @Test func anUnknownVariantIsRefusedWithWhatIsThere() throws {
        let names = ["\(Self.stem).safetensors", "\(Self.stem).non_ema.safetensors"]
        #expect(
            throws: CheckpointError.unknownVariant("fp16", found: ["\"non_ema\"", "\(Self.stem).safetensors without a variant"])
        ) {
            try choice(names, variant: "fp16")
        }
        #expect(throws: CheckpointError.unknownVariant("fp16", found: [])) { try choice([], variant: "fp16") }
    }

    @Test func shardsNeedTheirIndex() throws {
        let shards = (1...2).map { "model-0000\($0)-of-00002.safetensors" }
        #expect(throws: CheckpointError.self) { try choice(shards) }
        #expect(try choice(shards + ["model.safetensors.index.json"]).weights == "model.safetensors.index.json")
        #expect(throws: CheckpointError.self) { try choice(shards + ["a.index.json", "b.index.json"]) }
    }

    @Test func aConfigurationOfTheDDIMCodeMayStandInAFlatFolder() throws {
        let layout = try DiffusersLayout(paths: ["cifar10.yml", "ckpt.pth"])
        #expect(layout.config == "cifar10.yml" && layout.weights == "ckpt.pth")
        #expect(try DiffusersLayout(paths: ["other.yml", "config.yaml", "ckpt.pth"]).config == "config.yaml")
        #expect(try DiffusersLayout(paths: ["other.yml", "config.json", "ckpt.pth"]).config == "config.json")
        #expect(throws: CheckpointError.ambiguous("the configuration", found: ["a.yml", "b.yaml"])) {
            try DiffusersLayout(paths: ["a.yml", "b.yaml"])
        }
    }

    @Test(arguments: ["vqvae", "vae"])
    func otherComponentsAreKeptAndMakeTheModelLatent(component: String) throws {
        let layout = try DiffusersLayout(paths: [
            "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "\(component)/config.json", "\(component)/weights.safetensors",
            "tokenizer/vocabulary/words.txt",
        ])
        #expect(layout.weights == "unet/diffusion_pytorch_model.safetensors")
        #expect(layout.others == ["tokenizer/vocabulary/words.txt", "\(component)/config.json", "\(component)/weights.safetensors"])
        #expect(layout.isLatent)
    }

    @Test func aComponentThatOnlySoundsLikeAnAutoencoderIsNone() throws {
        #expect(!(try DiffusersLayout(paths: ["unet/config.json", "vaesomething/config.json"]).isLatent))
    }
}
