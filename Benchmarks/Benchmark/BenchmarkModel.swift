import ArgumentParser
import Engine
import Foundation

/// A published model's shape.
enum BenchmarkModel: String, ExpressibleByArgument, CaseIterable {
    /// The one of `make demo`.
    case example
    /// google/ddpm-cifar10-32.
    case cifar10
    /// google/ddpm-celebahq-256.
    case celebahq
    /// The U-Net of CompVis/ldm-celebahq-256, on latents of 64×64.
    case ldm
    /// The U-Net of CompVis's class-conditional ImageNet model (LDM-4, cin256-v2), told one token, on latents of 64×64.
    case ldm4
    /// The U-Net of Stable Diffusion 1.5, told 77 tokens, on latents of 64×64.
    case sd15
    /// The autoencoder of Stable Diffusion, on pictures of 256×256.
    case vae

    func model() throws -> any Architecture {
        let data = Data(json.utf8)
        switch self {
        case .example, .cifar10, .celebahq, .ldm: return try UNet2DModel(json: data, shapes: [:])
        case .ldm4: return try UNet2DConditionModel(json: data, shapes: [:]).told(tokens: 1)
        case .sd15: return try UNet2DConditionModel(json: data, shapes: [:])
        case .vae: return try AutoencoderKL(json: data, shapes: [:])
        }
    }

    /// The half of it that makes pictures of latents, where it is an autoencoder.
    func decoder() throws -> Graph? {
        guard self == .vae else { return nil }
        let configuration = try AutoencoderConfiguration(json: Data(json.utf8))
        return try AutoencoderModel(configuration, height: configuration.sampleHeight, width: configuration.sampleWidth).decoder
    }

    private var json: String {
        switch self {
        case .example:
            """
            {"act_fn": "silu", "attention_head_dim": null, "block_out_channels": [24, 48, 48], "downsample_padding": 0,
             "down_block_types": ["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
             "up_block_types": ["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"],
             "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "out_channels": 3, "layers_per_block": 1,
             "norm_eps": 1e-06, "norm_num_groups": 4, "sample_size": 32, "time_embedding_type": "positional"}
            """
        case .celebahq:
            """
            {"act_fn": "silu", "attention_head_dim": null, "block_out_channels": [128, 128, 256, 256, 512, 512], "downsample_padding": 0,
             "down_block_types": ["DownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "DownBlock2D"],
             "up_block_types": ["UpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D"],
             "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "out_channels": 3, "layers_per_block": 2,
             "norm_eps": 1e-06, "norm_num_groups": 32, "sample_size": 256, "time_embedding_type": "positional"}
            """
        case .cifar10:
            """
            {"act_fn": "silu", "attention_head_dim": null, "block_out_channels": [128, 256, 256, 256], "downsample_padding": 0,
             "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
             "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
             "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "out_channels": 3, "layers_per_block": 2,
             "norm_eps": 1e-06, "norm_num_groups": 32, "sample_size": 32, "time_embedding_type": "positional"}
            """
        case .ldm:
            """
            {"act_fn": "silu", "attention_head_dim": 32, "block_out_channels": [224, 448, 672, 896], "downsample_padding": 1,
             "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
             "up_block_types": ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
             "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 3, "out_channels": 3, "layers_per_block": 2,
             "norm_eps": 1e-05, "norm_num_groups": 32, "sample_size": 64, "time_embedding_type": "positional"}
            """
        case .ldm4:
            """
            {"attention_head_dim": 1, "block_out_channels": [192, 384, 576, 960], "cross_attention_dim": 512,
             "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
             "in_channels": 3, "out_channels": 3, "layers_per_block": 2, "sample_size": 64}
            """
        case .sd15:
            """
            {"attention_head_dim": 8, "block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 768,
             "in_channels": 4, "out_channels": 4, "layers_per_block": 2, "sample_size": 64}
            """
        case .vae:
            """
            {"_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "sample_size": 256,
             "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
             "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}
            """
        }
    }
}
