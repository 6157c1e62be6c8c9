import ArgumentParser
import Engine
import Foundation

/// A published model's shape.
enum BenchmarkModel: String, ExpressibleByArgument, CaseIterable {
    /// google/ddpm-cifar10-32.
    case cifar10
    /// The U-Net of CompVis/ldm-celebahq-256, on latents of 64×64.
    case ldm

    func model() throws -> UNet2DModel { try UNet2DModel(UNet2DConfiguration(json: Data(json.utf8))) }

    private var json: String {
        switch self {
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
        }
    }
}
