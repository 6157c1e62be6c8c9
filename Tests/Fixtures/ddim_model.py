"""The U-Net of the DDIM code base (ermongroup/ddim) in other words, under its parameter names, for fixtures.

It follows from DDPM (arXiv 2006.11239, appendix B): residual blocks of GroupNorm, swish and 3x3 convolutions, attention at some
resolutions, and skip connections from every block on the way down. `groups` is 32 in that code base.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def swish(x):
    return x * x.sigmoid()


def embed(timesteps, width):
    half = width // 2
    frequencies = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000) / (half - 1)))
    angles = timesteps.float()[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, width, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs, eps=1e-6)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.temb_proj = nn.Linear(width, outputs)
        self.norm2 = nn.GroupNorm(groups, outputs, eps=1e-6)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time):
        h = self.conv1(swish(self.norm1(x))) + self.temb_proj(swish(time))[..., None, None]
        h = self.conv2(swish(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, width, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        for name in ("q", "k", "v", "proj_out"):
            setattr(self, name, nn.Conv2d(width, width, 1))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (getattr(self, name)(h).flatten(2) for name in "qkv")
        weights = (torch.einsum("bci,bcj->bij", q, k) * q.shape[1] ** -0.5).softmax(dim=2)
        return x + self.proj_out(torch.einsum("bij,bcj->bci", weights, v).reshape(x.shape))


class Level(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.attn = nn.ModuleList(), nn.ModuleList()

    def run(self, index, x, time):
        x = self.block[index](x, time)
        return self.attn[index](x) if len(self.attn) else x


def resampler(width, stride, padding):
    module = nn.Module()
    module.conv = nn.Conv2d(width, width, 3, stride=stride, padding=padding)
    return module


class DDIM(nn.Module):
    def __init__(self, ch, ch_mult, num_res_blocks, attn_resolutions, image_size, channels=3, groups=32):
        super().__init__()
        self.ch, width = ch, 4 * ch
        self.temb = nn.Module()
        self.temb.dense = nn.ModuleList([nn.Linear(ch, width), nn.Linear(width, width)])
        self.conv_in = nn.Conv2d(channels, ch, 3, padding=1)
        widths = [ch * factor for factor in ch_mult]
        self.down, skips, now = nn.ModuleList(), [ch], ch
        for level, out in enumerate(widths):
            down = Level()
            for _ in range(num_res_blocks):
                down.block.append(Block(now, out, width, groups))
                if image_size >> level in attn_resolutions:
                    down.attn.append(Attention(out, groups))
                now = out
                skips.append(now)
            if level < len(widths) - 1:
                down.downsample = resampler(now, 2, 0)
                skips.append(now)
            self.down.append(down)
        self.mid = nn.Module()
        self.mid.block_1 = Block(now, now, width, groups)
        self.mid.attn_1 = Attention(now, groups)
        self.mid.block_2 = Block(now, now, width, groups)
        ups = []
        for level, out in reversed(list(enumerate(widths))):
            up = Level()
            for _ in range(num_res_blocks + 1):
                up.block.append(Block(now + skips.pop(), out, width, groups))
                if image_size >> level in attn_resolutions:
                    up.attn.append(Attention(out, groups))
                now = out
            if level > 0:
                up.upsample = resampler(now, 1, 1)
            ups.insert(0, up)
        self.up = nn.ModuleList(ups)
        self.norm_out = nn.GroupNorm(groups, now, eps=1e-6)
        self.conv_out = nn.Conv2d(now, channels, 3, padding=1)

    def forward(self, x, timesteps):
        time = embed(timesteps, self.ch).to(x.dtype)
        time = self.temb.dense[1](swish(self.temb.dense[0](time)))
        skips = [self.conv_in(x)]
        for down in self.down:
            for index in range(len(down.block)):
                skips.append(down.run(index, skips[-1], time))
            if hasattr(down, "downsample"):
                skips.append(down.downsample.conv(F.pad(skips[-1], (0, 1, 0, 1))))
        h = self.mid.block_2(self.mid.attn_1(self.mid.block_1(skips[-1], time)), time)
        for up in reversed(self.up):
            for index in range(len(up.block)):
                h = up.run(index, torch.cat([h, skips.pop()], dim=1), time)
            if hasattr(up, "upsample"):
                h = up.upsample.conv(F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.conv_out(swish(self.norm_out(h)))
