"""Inception v3 as pytorch-fid patches it, up to its 2048 features, written out in plain PyTorch with the names of the published weights.

Widths are divided where a small network will do. `python -m inception_model` says how many parameters the published widths have.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, padding):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


# A chain of layers: (name, outputs, kernel's rows, columns, stride, whether padded).
def row(name, outputs, height=1, width=None, stride=1, padded=True):
    return name, outputs, height, height if width is None else width, stride, padded


def average(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def nearby(x):
    return F.max_pool2d(x, 3, 1, 1)


def halved(x):
    return F.max_pool2d(x, 3, 2)


# Each branch: what the map goes through first, a chain, and the layers at its end whose outputs are joined.
def block_a(pool):
    return [
        (None, [row("branch1x1", 64)], []),
        (None, [row("branch5x5_1", 48), row("branch5x5_2", 64, 5)], []),
        (None, [row("branch3x3dbl_1", 64), row("branch3x3dbl_2", 96, 3), row("branch3x3dbl_3", 96, 3)], []),
        (average, [row("branch_pool", pool)], []),
    ]


def block_b():
    return [
        (None, [row("branch3x3", 384, 3, stride=2, padded=False)], []),
        (None, [row("branch3x3dbl_1", 64), row("branch3x3dbl_2", 96, 3), row("branch3x3dbl_3", 96, 3, stride=2, padded=False)], []),
        (halved, [], []),
    ]


def block_c(inner):
    return [
        (None, [row("branch1x1", 192)], []),
        (None, [row("branch7x7_1", inner), row("branch7x7_2", inner, 1, 7), row("branch7x7_3", 192, 7, 1)], []),
        (None, [row("branch7x7dbl_1", inner), row("branch7x7dbl_2", inner, 7, 1), row("branch7x7dbl_3", inner, 1, 7),
                row("branch7x7dbl_4", inner, 7, 1), row("branch7x7dbl_5", 192, 1, 7)], []),
        (average, [row("branch_pool", 192)], []),
    ]


def block_d():
    return [
        (None, [row("branch3x3_1", 192), row("branch3x3_2", 320, 3, stride=2, padded=False)], []),
        (None, [row("branch7x7x3_1", 192), row("branch7x7x3_2", 192, 1, 7), row("branch7x7x3_3", 192, 7, 1),
                row("branch7x7x3_4", 192, 3, stride=2, padded=False)], []),
        (halved, [], []),
    ]


def block_e(pooling):
    return [
        (None, [row("branch1x1", 320)], []),
        (None, [row("branch3x3_1", 384)], [row("branch3x3_2a", 384, 1, 3), row("branch3x3_2b", 384, 3, 1)]),
        (None, [row("branch3x3dbl_1", 448), row("branch3x3dbl_2", 384, 3)],
         [row("branch3x3dbl_3a", 384, 1, 3), row("branch3x3dbl_3b", 384, 3, 1)]),
        (pooling, [row("branch_pool", 192)], []),
    ]


STEM = [row("Conv2d_1a_3x3", 32, 3, stride=2, padded=False), row("Conv2d_2a_3x3", 32, 3, padded=False), row("Conv2d_2b_3x3", 64, 3), halved,
        row("Conv2d_3b_1x1", 80), row("Conv2d_4a_3x3", 192, 3, padded=False), halved]
BLOCKS = [("Mixed_5b", block_a(32)), ("Mixed_5c", block_a(64)), ("Mixed_5d", block_a(64)), ("Mixed_6a", block_b()),
          ("Mixed_6b", block_c(128)), ("Mixed_6c", block_c(160)), ("Mixed_6d", block_c(160)), ("Mixed_6e", block_c(192)),
          ("Mixed_7a", block_d()), ("Mixed_7b", block_e(average)), ("Mixed_7c", block_e(nearby))]


class Block(nn.Module):
    def __init__(self, branches, inputs, divisor):
        super().__init__()
        self.branches, self.outputs = branches, 0
        for _, chain, ends in branches:
            channels = inputs
            for name, outputs, *how in chain:
                channels = layer(self, name, channels, outputs, how, divisor)
            self.outputs += sum(layer(self, name, channels, outputs, how, divisor) for name, outputs, *how in ends) if ends else channels

    def forward(self, x):
        joined = []
        for pooling, chain, ends in self.branches:
            y = pooling(x) if pooling else x
            for name, *_ in chain:
                y = getattr(self, name)(y)
            joined += [getattr(self, name)(y) for name, *_ in ends] if ends else [y]
        return torch.cat(joined, 1)


def layer(module, name, inputs, outputs, how, divisor):
    height, width, stride, padded = how
    outputs = max(2, outputs // divisor)
    setattr(module, name, Layer(inputs, outputs, (height, width), stride, (height // 2, width // 2) if padded else 0))
    return outputs


class Inception(nn.Module):
    def __init__(self, divisor=1, classes=1008):
        super().__init__()
        channels = 3
        for step in STEM:
            if isinstance(step, tuple):
                name, outputs, *how = step
                channels = layer(self, name, channels, outputs, how, divisor)
        for name, branches in BLOCKS:
            block = Block(branches, channels, divisor)
            setattr(self, name, block)
            channels = block.outputs
        self.fc = nn.Linear(channels, classes)
        self.features = channels

    def forward(self, pictures):
        """Features of (n, 3, height, width) in [0, 1], as pytorch-fid takes them."""
        x = 2 * F.interpolate(pictures, size=(299, 299), mode="bilinear", align_corners=False) - 1
        for step in STEM:
            x = getattr(self, step[0])(x) if isinstance(step, tuple) else step(x)
        for name, _ in BLOCKS:
            x = getattr(self, name)(x)
        return x.mean((2, 3))


def random_inception(seed, divisor=1, classes=1008, size=64):
    """A network of random weights whose norms have seen pictures, so that features differ from picture to picture."""
    torch.manual_seed(seed)
    model = Inception(divisor, classes)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
            module.momentum = None
    with torch.no_grad():
        model.train()
        model(F.interpolate(torch.rand(4, 3, size // 8, size // 8), size=(size, size), mode="bicubic").clamp(0, 1))
    return model.eval()


if __name__ == "__main__":
    model = Inception()
    print(sum(p.numel() for p in model.parameters()), "parameters,", model.features, "features")
