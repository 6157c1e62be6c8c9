"""Groups of channels that are cut together: rules written by hand over UNet2DModel's modules."""

import math
from dataclasses import dataclass, field


def to_go(width, ratio):
    return width - int(width * (1 - ratio))


def apart(before, after, divisors):
    """Widths of blocks after a cut of which neighbours that differed go on differing: the wider one loses less. Divisors by width."""
    cut, found = dict(zip(before, after)), {}
    for width in sorted(set(before)):
        near = {found[n] for pair in zip(before, before[1:]) if width in pair for n in pair if n < width}
        new = cut[width]
        while new in near:
            new += divisors[width]
        found[width] = new
    return [found[width] for width in before]


@dataclass
class Group:
    """Channels that must be cut together. A member is (parameter, axis, offset of the group's first channel)."""

    width: int
    kind: str = "stream"
    producers: list = field(default_factory=list)
    consumers: list = field(default_factory=list)
    norms: list = field(default_factory=list)
    norm_groups: int = 1
    heads: int = 1
    head_width: int | None = None  # None: one head as wide as the block
    block: int | None = None
    attention: str | None = None
    parent: "Group | None" = None

    def root(self):
        return self if self.parent is None else self.parent.root()

    @property
    def name(self):
        return (self.producers or self.norms)[0][0].removesuffix(".weight")

    @property
    def members(self):
        return self.producers + self.consumers + self.norms

    @property
    def chunks(self):
        return self.heads if self.attention else self.norm_groups

    @property
    def is_whole(self):
        """Whether no `diffusers` result has another width of it."""
        return self.kind in ("time", "tokens")


class Couplings:
    """Walks the model in forward order, keeping for every activation the list of groups that its channels consist of."""

    def __init__(self, model):
        self.model = model
        self.config = model.config
        self.shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
        self.groups = []

    def has(self, name):
        return name in self.shapes

    def new(self, width, **kind):
        self.groups.append(Group(width, **kind))
        return self.groups[-1]

    def produce(self, layer, group, offset=0):
        root = group.root()
        root.producers.append((layer + ".weight", 0, offset))
        if self.has(layer + ".bias"):
            root.norms.append((layer + ".bias", 0, offset))

    def consume(self, layer, stream):
        offset = 0
        for group in stream:
            group.root().consumers.append((layer + ".weight", 1, offset))
            offset += group.width
        assert offset == self.shapes[layer + ".weight"][1], layer

    def norm(self, layer, stream, num_groups):
        offset = 0
        for group in stream:
            root = group.root()
            root.norms += [(layer + ".weight", 0, offset), (layer + ".bias", 0, offset)]
            root.norm_groups = math.lcm(root.norm_groups, num_groups)
            offset += group.width

    def join(self, a, b):
        a, b = a.root(), b.root()
        if a is not b:
            assert a.width == b.width
            a.producers += b.producers
            a.consumers += b.consumers
            a.norms += b.norms
            a.norm_groups = math.lcm(a.norm_groups, b.norm_groups)
            b.parent = a
            self.groups.remove(b)

    def embed(self, path, output, inputs=None):
        """Two layers after another. `inputs` is what the first one reads, where that can be cut."""
        hidden = self.new(self.shapes[path + ".linear_1.weight"][0], kind="time")
        if inputs is not None:
            self.consume(path + ".linear_1", inputs)
        self.produce(path + ".linear_1", hidden)
        self.consume(path + ".linear_2", [hidden])
        output = output or self.new(self.shapes[path + ".linear_2.weight"][0], kind="time")
        self.produce(path + ".linear_2", output)
        return output

    def told(self):
        """What comes in beside the sample: sets `time`, the stream that resnets read."""
        time = self.embed("time_embedding", None)
        self.time = [time]
        if self.has("class_embedding.weight"):
            time.norms.append(("class_embedding.weight", 1, 0))  # a table's columns follow; they are not scored
        elif self.has("class_embedding.linear_1.weight"):
            self.embed("class_embedding", time)

    def analyse(self):
        config, model = self.config, self.model
        last = len(config.block_out_channels) - 1
        self.told()
        stream = [self.new(self.shapes["conv_in.weight"][0], block=0)]
        self.produce("conv_in", stream[0])
        skips = [stream]
        for i, block in enumerate(model.down_blocks):
            path = f"down_blocks.{i}"
            for j in range(len(block.resnets)):
                stream = self.resnet(f"{path}.resnets.{j}", stream, i)
                self.attend(f"{path}.attentions.{j}", stream, i)
                skips.append(stream)
            if block.downsamplers is not None:
                stream = self.resampled(path, "down", stream, i)
                skips.append(stream)
        if model.mid_block is not None:
            stream = self.resnet("mid_block.resnets.0", stream, last)
            self.attend("mid_block.attentions.0", stream, last)
            if self.has("mid_block.resnets.1.conv1.weight"):
                stream = self.resnet("mid_block.resnets.1", stream, last)
        for i, block in enumerate(model.up_blocks):
            path = f"up_blocks.{i}"
            for j in range(len(block.resnets)):
                stream = self.resnet(f"{path}.resnets.{j}", stream + skips.pop(), last - i)
                if not hasattr(block, "resnet_up"):
                    self.attend(f"{path}.attentions.{j}", stream, last - i)
            if hasattr(block, "resnet_up"):
                self.attend(f"{path}.attentions.0", stream, last - i)
            if i < last:
                stream = self.resampled(path, "up", stream, last - i)
        assert not skips
        self.norm("conv_norm_out", stream, model.conv_norm_out.num_groups)
        self.consume("conv_out", stream)
        if self.config.class_embed_type == "identity":
            self.groups.remove(self.time[0])  # what comes in from outside keeps its width, and what is added to it
        return self.groups

    def resampled(self, path, way, stream, block):
        """What stands between two levels: a convolution, a resnet, or a skip block's resnet beside its path of pictures."""
        if self.has(f"{path}.resnet_{way}.conv1.weight"):
            after = self.resnet(f"{path}.resnet_{way}", stream, block)
            if way == "down":
                self.produce(f"{path}.skip_conv", after[0])
            else:
                self.norm(f"{path}.skip_norm", stream, self.model.get_submodule(path).skip_norm.num_groups)
                self.consume(f"{path}.skip_conv", stream)
            return after
        if self.has(f"{path}.{way}samplers.0.conv1.weight"):
            return self.resnet(f"{path}.{way}samplers.0", stream, block)
        return self.convolution(f"{path}.{way}samplers.0.conv", stream, block)

    def convolution(self, path, stream, block):
        output = self.new(self.shapes[path + ".weight"][0], block=block)
        self.consume(path, stream)
        self.produce(path, output)
        return [output]

    def resnet(self, path, stream, block):
        module = self.model.get_submodule(path)
        self.norm(path + ".norm1", stream, module.norm1.num_groups)
        inner = self.convolution(path + ".conv1", stream, block)[0]
        # An autoencoder is told no time.
        if self.has(path + ".time_emb_proj.weight"):
            self.produce(path + ".time_emb_proj", inner)
            if self.config.resnet_time_scale_shift == "scale_shift":
                self.produce(path + ".time_emb_proj", inner, offset=inner.width)
            self.consume(path + ".time_emb_proj", self.time)
        self.norm(path + ".norm2", [inner], module.norm2.num_groups)
        output = self.convolution(path + ".conv2", [inner], block)[0]
        if self.has(path + ".conv_shortcut.weight"):
            self.consume(path + ".conv_shortcut", stream)
            self.produce(path + ".conv_shortcut", output)
            return [output]
        self.join(stream[0], output)
        return stream

    def attend(self, path, stream, block):
        """What follows a resnet, if anything does."""
        if self.has(path + ".to_q.weight"):
            self.attention(path, stream, block)

    def attention(self, path, stream, block):
        module = self.model.get_submodule(path)
        if module.group_norm is not None:
            self.norm(path + ".group_norm", stream, module.group_norm.num_groups)
        inner = self.shapes[path + ".to_q.weight"][0]
        head = dict(heads=module.heads, head_width=self.config.attention_head_dim and inner // module.heads, block=block, attention=path)
        query = self.new(inner, kind="qk", **head)
        value = self.new(inner, kind="v", **head)
        for layer, group in (("to_q", query), ("to_k", query), ("to_v", value)):
            self.consume(f"{path}.{layer}", stream)
            self.produce(f"{path}.{layer}", group)
        self.consume(path + ".to_out.0", [value])
        self.produce(path + ".to_out.0", stream[0])
