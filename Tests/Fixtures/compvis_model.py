"""The networks of CompVis's code base (latent diffusion, Stable Diffusion) in other words, under its parameter names, for fixtures.

`UNet` follows from the configurations that are published beside the weights, whose keys its arguments are, and from the papers: residual blocks as
in ADM (arXiv 2105.05233), transformers as in latent diffusion (arXiv 2112.10752). `Encoder` and `Decoder` are VQGAN's (arXiv 2012.09841).
`OpenCLIP` is the text half of that library's model. Norms have 32 groups everywhere.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Upsampler(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Downsampler(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.op = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, x):
        return self.op(x)


class ResBlock(nn.Module):
    def __init__(self, inputs, outputs, time, scale_shift, resample=None):
        super().__init__()
        self.scale_shift, self.resample = scale_shift, resample or (lambda x: x)
        self.in_layers = nn.Sequential(nn.GroupNorm(32, inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, outputs * (2 if scale_shift else 1)))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, outputs), nn.SiLU(), nn.Dropout(0), nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip_connection = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time):
        h = self.in_layers[2](self.resample(self.in_layers[1](self.in_layers[0](x))))
        time = self.emb_layers(time)[..., None, None]
        if self.scale_shift:
            scale, shift = time.chunk(2, dim=1)
            h = self.out_layers[1:](self.out_layers[0](h) * (1 + scale) + shift)
        else:
            h = self.out_layers(h + time)
        return self.skip_connection(self.resample(x)) + h


class PixelAttention(nn.Module):
    """One layer makes q, k and v: of each head in turn, or, in the new order, all heads' q first."""

    def __init__(self, width, heads, new_order):
        super().__init__()
        self.heads, self.new_order = heads, new_order
        self.norm = nn.GroupNorm(32, width)
        self.qkv, self.proj_out = nn.Conv1d(width, 3 * width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x):
        batch, width, *size = x.shape
        flat = x.flatten(2)
        made = self.qkv(self.norm(flat))
        if self.new_order:
            q, k, v = made.reshape(batch, 3, self.heads, width // self.heads, -1).unbind(1)
        else:
            q, k, v = made.reshape(batch, self.heads, 3, width // self.heads, -1).unbind(2)
        weights = (q.transpose(2, 3) @ k * (width // self.heads) ** -0.5).softmax(3)
        attended = (v @ weights.transpose(2, 3)).reshape(batch, width, -1)
        return (flat + self.proj_out(attended)).reshape(batch, width, *size)


class CrossAttention(nn.Module):
    def __init__(self, width, tokens, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k, self.to_v = nn.Linear(tokens, width, bias=False), nn.Linear(tokens, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Dropout(0))

    def forward(self, x, tokens):
        q, k, v = (t.unflatten(2, (self.heads, -1)).transpose(1, 2) for t in (self.to_q(x), self.to_k(tokens), self.to_v(tokens)))
        weights = (q @ k.transpose(2, 3) * q.shape[3] ** -0.5).softmax(3)
        return self.to_out((weights @ v).transpose(1, 2).flatten(2))


class GatedUnit(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.proj = nn.Linear(inputs, 2 * outputs)

    def forward(self, x):
        x, gate = self.proj(x).chunk(2, dim=-1)
        return x * F.gelu(gate)


class TransformerBlock(nn.Module):
    def __init__(self, width, tokens, heads, only_cross):
        super().__init__()
        self.only_cross = only_cross
        self.attn1 = CrossAttention(width, tokens if only_cross else width, heads)
        self.attn2 = CrossAttention(width, tokens, heads)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.ff = nn.Module()
        self.ff.net = nn.Sequential(GatedUnit(width, 4 * width), nn.Dropout(0), nn.Linear(4 * width, width))

    def forward(self, x, tokens):
        h = self.norm1(x)
        x = x + self.attn1(h, tokens if self.only_cross else h)
        x = x + self.attn2(self.norm2(x), tokens)
        return x + self.ff.net(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, width, tokens, heads, depth, linear, only_cross):
        super().__init__()
        self.linear = linear
        self.norm = nn.GroupNorm(32, width, eps=1e-6)
        projection = nn.Linear if linear else lambda inputs, outputs: nn.Conv2d(inputs, outputs, 1)
        self.proj_in, self.proj_out = projection(width, width), projection(width, width)
        self.transformer_blocks = nn.ModuleList(TransformerBlock(width, tokens, heads, only_cross) for _ in range(depth))

    def forward(self, x, tokens):
        h = self.norm(x)
        h = self.proj_in(h.flatten(2).transpose(1, 2)) if self.linear else self.proj_in(h).flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            h = block(h, tokens)
        if self.linear:
            h = self.proj_out(h).transpose(1, 2).reshape(x.shape)
        else:
            h = self.proj_out(h.transpose(1, 2).reshape(x.shape))
        return x + h


class UNet(nn.Module):
    def __init__(
            self, in_channels, out_channels, model_channels, num_res_blocks, attention_resolutions, channel_mult, num_heads=-1, num_head_channels=-1,
            context_dim=None, transformer_depth=1, use_linear_in_transformer=False, use_scale_shift_norm=False, resblock_updown=False,
            use_new_attention_order=False, num_classes=None, disable_self_attentions=None, adm_in_channels=None, **_):
        super().__init__()
        self.width = width = model_channels
        time = 4 * width
        counts = num_res_blocks if isinstance(num_res_blocks, list) else [num_res_blocks] * len(channel_mult)
        only_cross = disable_self_attentions or [False] * len(channel_mult)

        def attention(channels, level):
            heads = num_heads if num_head_channels == -1 else channels // num_head_channels
            if context_dim is None:
                return PixelAttention(channels, heads, use_new_attention_order)
            only = level is not None and only_cross[level]
            return Transformer(channels, context_dim, heads, transformer_depth, use_linear_in_transformer, only)

        def residual(inputs, outputs, resample=None):
            return ResBlock(inputs, outputs, time, use_scale_shift_norm, resample)

        self.time_embed = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        if num_classes == "sequential":
            self.label_emb = nn.Sequential(nn.Sequential(nn.Linear(adm_in_channels, time), nn.SiLU(), nn.Linear(time, time)))
        elif num_classes is not None:
            self.label_emb = nn.Embedding(num_classes, time)
        self.input_blocks = nn.ModuleList([nn.ModuleList([nn.Conv2d(in_channels, width, 3, padding=1)])])
        skips, now = [width], width
        for level, factor in enumerate(channel_mult):
            for _ in range(counts[level]):
                layers = [residual(now, factor * width)]
                now = factor * width
                if 2**level in attention_resolutions:
                    layers.append(attention(now, level))
                self.input_blocks.append(nn.ModuleList(layers))
                skips.append(now)
            if level < len(channel_mult) - 1:
                halving = residual(now, now, lambda x: F.avg_pool2d(x, 2)) if resblock_updown else Downsampler(now)
                self.input_blocks.append(nn.ModuleList([halving]))
                skips.append(now)
        self.middle_block = nn.ModuleList([residual(now, now), attention(now, None), residual(now, now)])
        self.output_blocks = nn.ModuleList()
        for level, factor in reversed(list(enumerate(channel_mult))):
            for layer in range(counts[level] + 1):
                layers = [residual(now + skips.pop(), factor * width)]
                now = factor * width
                if 2**level in attention_resolutions:
                    layers.append(attention(now, level))
                if level and layer == counts[level]:
                    layers.append(
                        residual(now, now, lambda x: F.interpolate(x, scale_factor=2, mode="nearest")) if resblock_updown else Upsampler(now))
                self.output_blocks.append(nn.ModuleList(layers))
        self.out = nn.Sequential(nn.GroupNorm(32, now), nn.SiLU(), nn.Conv2d(now, out_channels, 3, padding=1))

    @staticmethod
    def run(layers, h, time, tokens):
        for layer in layers:
            if isinstance(layer, ResBlock):
                h = layer(h, time)
            else:
                h = layer(h, tokens) if isinstance(layer, Transformer) else layer(h)
        return h

    def forward(self, x, timesteps, tokens=None, classes=None):
        half = self.width // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
        angles = timesteps.float()[:, None] * frequencies
        time = self.time_embed(torch.cat([angles.cos(), angles.sin()], dim=1).to(x.dtype))
        if classes is not None:
            time = time + self.label_emb(classes)
        kept, h = [], x
        for block in self.input_blocks:
            h = self.run(block, h, time, tokens)
            kept.append(h)
        h = self.run(self.middle_block, h, time, tokens)
        for block in self.output_blocks:
            h = self.run(block, torch.cat([h, kept.pop()], dim=1), time, tokens)
        return self.out(h)


def swish(x):
    return x * x.sigmoid()


class PlainBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(32, inputs, eps=1e-6), nn.GroupNorm(32, outputs, eps=1e-6)
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv2(swish(self.norm2(self.conv1(swish(self.norm1(x))))))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class PlainAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(32, width, eps=1e-6)
        for name in ("q", "k", "v", "proj_out"):
            setattr(self, name, nn.Conv2d(width, width, 1))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (getattr(self, name)(h).flatten(2) for name in "qkv")
        weights = (torch.einsum("bci,bcj->bij", q, k) * q.shape[1] ** -0.5).softmax(dim=2)
        return x + self.proj_out(torch.einsum("bij,bcj->bci", weights, v).reshape(x.shape))


class Half(nn.Module):
    """What encoder and decoder share: levels of blocks, and the middle."""

    def __init__(self, width):
        super().__init__()
        self.mid = nn.Module()
        self.mid.block_1, self.mid.attn_1, self.mid.block_2 = PlainBlock(width, width), PlainAttention(width), PlainBlock(width, width)

    @staticmethod
    def level(now, out, count, attends):
        level = nn.Module()
        level.block, level.attn = nn.ModuleList(), nn.ModuleList()
        for index in range(count):
            level.block.append(PlainBlock(now if index == 0 else out, out))
            if attends:
                level.attn.append(PlainAttention(out))
        return level

    @staticmethod
    def through(level, h):
        for index, block in enumerate(level.block):
            h = block(h)
            if len(level.attn):
                h = level.attn[index](h)
        return h

    def middle(self, h):
        return self.mid.block_2(self.mid.attn_1(self.mid.block_1(h)))


class Encoder(Half):
    def __init__(self, ch, ch_mult, num_res_blocks, attn_resolutions, resolution, in_channels, z_channels, double_z, **_):
        super().__init__(ch * ch_mult[-1])
        self.conv_in = nn.Conv2d(in_channels, ch, 3, padding=1)
        self.down, now = nn.ModuleList(), ch
        for index, factor in enumerate(ch_mult):
            level = self.level(now, ch * factor, num_res_blocks, resolution >> index in attn_resolutions)
            now = ch * factor
            if index < len(ch_mult) - 1:
                level.downsample = nn.Module()
                level.downsample.conv = nn.Conv2d(now, now, 3, stride=2)
            self.down.append(level)
        self.norm_out = nn.GroupNorm(32, now, eps=1e-6)
        self.conv_out = nn.Conv2d(now, z_channels * (2 if double_z else 1), 3, padding=1)

    def forward(self, x):
        h = self.conv_in(x)
        for level in self.down:
            h = self.through(level, h)
            if hasattr(level, "downsample"):
                h = level.downsample.conv(F.pad(h, (0, 1, 0, 1)))
        return self.conv_out(swish(self.norm_out(self.middle(h))))


class Decoder(Half):
    def __init__(self, ch, ch_mult, num_res_blocks, attn_resolutions, resolution, out_ch, z_channels, **_):
        now = ch * ch_mult[-1]
        super().__init__(now)
        self.conv_in = nn.Conv2d(z_channels, now, 3, padding=1)
        levels = []
        for index, factor in reversed(list(enumerate(ch_mult))):
            level = self.level(now, ch * factor, num_res_blocks + 1, resolution >> index in attn_resolutions)
            now = ch * factor
            if index > 0:
                level.upsample = Upsampler(now)
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out = nn.GroupNorm(32, now, eps=1e-6)
        self.conv_out = nn.Conv2d(now, out_ch, 3, padding=1)

    def forward(self, z):
        h = self.middle(self.conv_in(z))
        for level in reversed(self.up):
            h = self.through(level, h)
            if hasattr(level, "upsample"):
                h = level.upsample(h)
        return self.conv_out(swish(self.norm_out(h)))


class Autoencoder(nn.Module):
    """Of distributions, or, with `n_embed`, of the rows of a table."""

    def __init__(self, embed_dim, ddconfig, n_embed=None, **_):
        super().__init__()
        self.encoder, self.decoder = Encoder(**ddconfig), Decoder(**ddconfig)
        z, twice = ddconfig["z_channels"], 1 if n_embed else 2
        self.quant_conv, self.post_quant_conv = nn.Conv2d(twice * z, twice * embed_dim, 1), nn.Conv2d(embed_dim, z, 1)
        if n_embed:
            self.quantize = nn.Module()
            self.quantize.embedding = nn.Embedding(n_embed, embed_dim)

    def encode(self, x):
        """Means and logarithms of variances, or what is to be quantised."""
        return self.quant_conv(self.encoder(x))

    def decode(self, z):
        if hasattr(self, "quantize"):
            table = self.quantize.embedding.weight
            rows = torch.cdist(z.permute(0, 2, 3, 1).reshape(-1, z.shape[1]), table).argmin(1)
            z = table[rows].reshape(z.shape[0], *z.shape[2:], z.shape[1]).permute(0, 3, 1, 2)
        return self.decoder(self.post_quant_conv(z))


class TextBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Module()
        self.mlp.c_fc, self.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.ln_1(x)
        mask = torch.full((x.shape[1],) * 2, -math.inf, dtype=x.dtype).triu(1)
        x = x + self.attn(h, h, h, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(x))))


class OpenCLIP(nn.Module):
    def __init__(self, width, layers, words, positions=77):
        super().__init__()
        self.positional_embedding = nn.Parameter(0.1 * torch.randn(positions, width))
        self.text_projection, self.logit_scale = nn.Parameter(torch.randn(width, width)), nn.Parameter(torch.ones([]))
        self.token_embedding = nn.Embedding(words, width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(TextBlock(width, width // 64) for _ in range(layers))
        self.ln_final = nn.LayerNorm(width)
        self.register_buffer("attn_mask", torch.full((positions, positions), -math.inf).triu(1))

    def forward(self, ids):
        """Of the last layer but one, as Stable Diffusion 2 reads it."""
        h = self.token_embedding(ids) + self.positional_embedding[:ids.shape[1]]
        for block in self.transformer.resblocks[:-1]:
            h = block(h)
        return self.ln_final(h)


def betas(start, end, count):
    """What that code calls linear."""
    return torch.linspace(start**0.5, end**0.5, count, dtype=torch.float64) ** 2


def state(unet, autoencoder=None, condition=None, prefix="", schedule=(0.0015, 0.0195, 1000), averages=None, scale_factor=None):
    """A file's `state_dict`: the parts under that code's prefixes, with what else it saves. `averages` are the U-Net's, named without dots."""
    tensors = {"betas": betas(*schedule).float(), "alphas_cumprod": (1 - betas(*schedule)).cumprod(0).float(), "logvar": torch.zeros(schedule[2])}
    if scale_factor is not None:
        tensors["scale_factor"] = torch.tensor(scale_factor)
    tensors |= {f"model.diffusion_model.{name}": tensor for name, tensor in unet.state_dict().items()}
    if averages is not None:
        tensors |= {"model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(7, dtype=torch.int32)}
        tensors |= {"model_ema.diffusion_model" + name.replace(".", ""): tensor for name, tensor in averages.state_dict().items()}
    if autoencoder is not None:
        tensors |= {f"first_stage_model.{name}": tensor for name, tensor in autoencoder.state_dict().items()}
        tensors["first_stage_model.loss.logvar"] = torch.zeros([])
    if condition is not None:
        tensors |= {f"cond_stage_model.{prefix}{name}": tensor for name, tensor in condition.state_dict().items()}
    return tensors
