"""The tiny UNet2DConditionModel configurations that the golden files share."""

CONFIGS = {
    # Stable Diffusion 1 in small: as many heads at every level, convolutions around the transformers.
    "sd1": dict(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=[8, 16], norm_num_groups=2,
        attention_head_dim=4, cross_attention_dim=24,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"]),
    # Stable Diffusion 2 in small: heads of one width, linear layers around the transformers, of which some have two layers.
    "sd2": dict(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=[8, 16], norm_num_groups=2,
        attention_head_dim=[2, 4], cross_attention_dim=[10, 10], use_linear_projection=True, transformer_layers_per_block=[1, 2],
        upcast_attention=True, downsample_padding=0,
        down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]),
    # DeepFloyd's in small: pixels and tokens together, samplers that are resnets, tokens that are projected, a class as a number.
    "simple": dict(
        sample_size=8, in_channels=3, out_channels=6, layers_per_block=[1, 2], block_out_channels=[8, 16], norm_num_groups=4,
        attention_head_dim=4, cross_attention_dim=6, encoder_hid_dim=5, act_fn="gelu", time_embedding_act_fn="silu",
        resnet_time_scale_shift="scale_shift", resnet_skip_time_act=True, resnet_out_scale_factor=1.5, mid_block_scale_factor=1.414,
        class_embed_type="timestep", only_cross_attention=[False, True], mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        time_embedding_dim=20, center_input_sample=True,
        down_block_types=["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"],
        up_block_types=["SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"]),
    # Attention of pixels alone, classes beside the time embedding, transformers that look at tokens twice, kernels of other sizes.
    "classes": dict(
        sample_size=[8, 4], in_channels=2, out_channels=3, layers_per_block=1, block_out_channels=[8, 16], norm_num_groups=2,
        attention_head_dim=[2, 4], cross_attention_dim=7, num_class_embeds=5, class_embeddings_concat=True, only_cross_attention=True,
        mid_block_type="UNetMidBlock2D", conv_in_kernel=1, conv_out_kernel=5, freq_shift=1, flip_sin_to_cos=False,
        down_block_types=["AttnDownBlock2D", "CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D", "AttnUpBlock2D"]),
    # Frequencies of the timestep that are stored, a vector beside the tokens, no mid block.
    "fourier": dict(
        sample_size=4, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=[8, 8], norm_num_groups=2,
        attention_head_dim=2, cross_attention_dim=6, time_embedding_type="fourier", class_embed_type="projection",
        projection_class_embeddings_input_dim=9, mid_block_type=None,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"]),
    # A vector beside the tokens through a single layer, stored frequencies with the sine first.
    "vectors": dict(
        sample_size=4, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=[8, 8], norm_num_groups=2,
        attention_head_dim=2, cross_attention_dim=6, time_embedding_type="fourier", time_embedding_dim=14, flip_sin_to_cos=False,
        class_embed_type="simple_projection", projection_class_embeddings_input_dim=9,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"]),
}

TOKENS = 5


def told(config, generator):
    """What a network is told beside two timesteps: tokens, and class labels or None."""
    import torch
    width = config.get("encoder_hid_dim") or config["cross_attention_dim"]
    width = width[0] if isinstance(width, list) else width
    tokens = torch.randn(2, TOKENS, width, generator=generator)
    if "projection" in config.get("class_embed_type", ""):
        return tokens, torch.randn(2, config["projection_class_embeddings_input_dim"], generator=generator)
    if config.get("class_embed_type") == "timestep" or config.get("num_class_embeds"):
        return tokens, torch.tensor([3, 1])
    return tokens, None
