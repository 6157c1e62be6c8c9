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
        #expect(throws: CheckpointError.missingFile(expected: "config.json or unet/config.json")) { try DiffusersLayout(paths: paths) }
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
    func picklesAreRefusedByName(pickle: String) {
        #expect(throws: CheckpointError.unsupportedWeights(path: "unet/\(pickle)")) {
            try DiffusersLayout(paths: ["unet/config.json", "unet/\(pickle)"])
        }
        #expect(throws: CheckpointError.unsupportedWeights(path: pickle)) { try DiffusersLayout(paths: ["config.json", pickle]) }
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
