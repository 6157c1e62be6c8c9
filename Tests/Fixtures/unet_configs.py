"""The tiny UNet2DModel configurations that the golden files share."""

POSITIONAL_DDPM = dict(
    act_fn="silu", center_input_sample=False, freq_shift=1, flip_sin_to_cos=False, downsample_padding=0, norm_eps=1e-6,
    mid_block_scale_factor=1, time_embedding_type="positional")

CONFIGS = {
    # google/ddpm-cifar10-32 in small: no attention_head_dim, asymmetric padding, the sine first.
    "ddpm": dict(
        POSITIONAL_DDPM, sample_size=16, in_channels=3, out_channels=3, layers_per_block=2, block_out_channels=[8, 16, 16],
        norm_num_groups=4, attention_head_dim=None,
        down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D"],
        up_block_types=["UpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
    # CompVis/ldm-celebahq-256's U-Net in small: several heads, the cosine first, symmetric padding.
    "ldm": dict(
        sample_size=8, in_channels=3, out_channels=3, layers_per_block=2, block_out_channels=[8, 16], norm_num_groups=4,
        attention_head_dim=4, freq_shift=0, flip_sin_to_cos=True, downsample_padding=1, norm_eps=1e-6,
        down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"]),
    # Scale and shift from the time embedding; the mid block's attention then has no norm.
    "scale_shift": dict(
        sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=[8, 16], norm_num_groups=4,
        attention_head_dim=8, resnet_time_scale_shift="scale_shift", norm_eps=1e-5,
        down_block_types=["AttnDownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"]),
    # One channel, widths all different, a table in place of the sinusoid, a mid block without attention.
    "learned": dict(
        sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=[4, 8, 12], norm_num_groups=2,
        attention_head_dim=4, time_embedding_type="learned", num_train_timesteps=50, add_attention=False,
        mid_block_scale_factor=2, downsample_padding=0, norm_eps=1e-6,
        down_block_types=["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
        up_block_types=["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"]),
    # Not square, more outputs than inputs, an inner attention width (5·1) that differs from the block's (8).
    "oblong": dict(
        sample_size=[16, 8], in_channels=2, out_channels=5, layers_per_block=2, block_out_channels=[8, 8], norm_num_groups=4,
        attention_head_dim=5, freq_shift=1, flip_sin_to_cos=False, time_embedding_dim=20, norm_eps=1e-5, attn_norm_num_groups=2,
        down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"]),
    # A table of classes, blocks that halve and double by resnets, with and without attention, Mish, samples that are centred.
    "classes": dict(
        sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=[4, 8, 8], norm_num_groups=2,
        attention_head_dim=4, resnet_time_scale_shift="scale_shift", num_class_embeds=5, act_fn="mish", center_input_sample=True,
        downsample_type="resnet", upsample_type="resnet",
        down_block_types=["ResnetDownsampleBlock2D", "AttnDownBlock2D", "DownBlock2D"],
        up_block_types=["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"]),
    # A class as a number that goes through the table of timesteps, GELU, no mid block, fewer outputs than inputs.
    "class_times": dict(
        sample_size=8, in_channels=4, out_channels=1, layers_per_block=2, block_out_channels=[4, 8], norm_num_groups=2,
        attention_head_dim=4, class_embed_type="timestep", time_embedding_type="learned", num_train_timesteps=50, act_fn="gelu",
        mid_block_type=None, down_block_types=["ResnetDownsampleBlock2D", "AttnDownBlock2D"],
        up_block_types=["AttnUpBlock2D", "ResnetUpsampleBlock2D"]),
    # A class as a vector, ReLU.
    "class_vectors": dict(
        sample_size=4, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=[4, 8], norm_num_groups=2,
        class_embed_type="identity", num_class_embeds=2, act_fn="relu", downsample_type="resnet", time_embedding_dim=12,
        down_block_types=["DownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "UpBlock2D"]),
    # google/ncsnpp-ffhq-256 in small: random frequencies, filtered pictures beside the features, norms of their own.
    "skips": dict(
        sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=[32, 32], norm_num_groups=None,
        attention_head_dim=None, norm_eps=1e-6, mid_block_scale_factor=2**0.5, time_embedding_type="fourier", time_embedding_dim=16,
        down_block_types=["AttnSkipDownBlock2D", "SkipDownBlock2D"], up_block_types=["AttnSkipUpBlock2D", "SkipUpBlock2D"]),
}


def class_labels(config, numbers, generator):
    """What a conditional network is told beside two timesteps: numbers, vectors, or nothing."""
    import torch
    if config.get("class_embed_type") == "identity":
        return torch.randn(2, config["time_embedding_dim"], generator=generator)
    if config.get("class_embed_type") == "timestep" or config.get("num_class_embeds"):
        return torch.tensor(numbers)
    return None
