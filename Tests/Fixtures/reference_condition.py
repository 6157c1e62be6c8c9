"""reference.py for diffusers' UNet2DConditionModel: transformers, attention to tokens, and the sinusoid of a narrower first block."""

import copy
import math

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention

from groups import Couplings, apart, to_go


class ConditionCouplings(Couplings):
    def told(self):
        time = self.embed("time_embedding", None)
        self.time = [time]
        beside = None if self.config.class_embeddings_concat else time
        if self.has("class_embedding.linear_1.weight"):
            beside = self.embed("class_embedding", beside)
        elif self.has("class_embedding.weight"):
            table = isinstance(self.model.class_embedding, torch.nn.Embedding)
            if beside is None:
                beside = self.new(self.shapes["class_embedding.weight"][1 if table else 0], kind="time")
            if table:
                beside.norms.append(("class_embedding.weight", 1, 0))  # a table's columns follow; they are not scored
            else:
                self.produce("class_embedding", beside)
        if self.config.class_embeddings_concat:
            self.time.append(beside)
        self.tokens = None
        if self.has("encoder_hid_proj.weight"):
            self.tokens = self.new(self.shapes["encoder_hid_proj.weight"][0], kind="tokens")
            self.produce("encoder_hid_proj", self.tokens)

    def attend(self, path, stream, block):
        if self.has(path + ".proj_in.weight"):
            self.transformer(path, stream, block)
        elif self.has(path + ".add_k_proj.weight"):
            self.norm(path + ".group_norm", stream, self.model.get_submodule(path).group_norm.num_groups)
            self.looks(path, stream, None if not self.has(path + ".to_k.weight") else stream, block, added=True)
        else:
            super().attend(path, stream, block)

    def transformer(self, path, stream, block):
        module = self.model.get_submodule(path)
        self.norm(path + ".norm", stream, module.norm.num_groups)
        self.consume(path + ".proj_in", stream)
        inner = self.new(self.shapes[path + ".proj_in.weight"][0], block=block)
        self.produce(path + ".proj_in", inner)
        for j, layer in enumerate(module.transformer_blocks):
            at = f"{path}.transformer_blocks.{j}"
            self.norm(at + ".norm1", [inner], 1)
            heads = layer.attn1.heads
            self.looks(at + ".attn1", [inner], None if layer.only_cross_attention else [inner], block, single=heads == 1)
            self.norm(at + ".norm2", [inner], 1)
            self.looks(at + ".attn2", [inner], None, block, single=heads == 1)
            self.norm(at + ".norm3", [inner], 1)
            self.consume(at + ".ff.net.0.proj", [inner])
            gated = self.new(self.shapes[at + ".ff.net.0.proj.weight"][0] // 2, kind="gated", block=block)
            self.produce(at + ".ff.net.0.proj", gated)
            self.produce(at + ".ff.net.0.proj", gated, offset=gated.width)
            self.consume(at + ".ff.net.2", [gated])
            self.produce(at + ".ff.net.2", inner)
        self.consume(path + ".proj_out", [inner])
        self.produce(path + ".proj_out", stream[0])

    def looks(self, path, stream, keys, block, added=False, single=False):
        """An attention of `stream` to `keys`, None being the tokens; where they are `added`, to the tokens too. A `single` head is as wide as
        the block."""
        module = self.model.get_submodule(path)
        inner = self.shapes[path + ".to_q.weight"][0]
        head = dict(heads=module.heads, head_width=None if single else head_width(module), block=block, attention=path)
        query, value = self.new(inner, kind="qk", **head), self.new(inner, kind="v", **head)
        self.consume(path + ".to_q", stream)
        self.produce(path + ".to_q", query)
        tokens = None if self.tokens is None else [self.tokens]
        layers = [] if added and keys is None else [("to_k", query, keys or tokens), ("to_v", value, keys or tokens)]
        if added:
            layers += [("add_k_proj", query, tokens), ("add_v_proj", value, tokens)]
        for layer, group, read in layers:
            if read is not None:  # no cut touches tokens as they come in
                self.consume(f"{path}.{layer}", read)
            self.produce(f"{path}.{layer}", group)
        self.consume(path + ".to_out.0", [value])
        self.produce(path + ".to_out.0", stream[0])


def couplings(model):
    return ConditionCouplings(model).analyse()


def token_width(model):
    """Of a token as it comes in."""
    width = model.config.encoder_hid_dim or model.config.cross_attention_dim
    return width if isinstance(width, int) else width[0]


def heads(model):
    """How many heads each level's transformers have; what else `attention_head_dim` says of a level without any."""
    found = model.config.attention_head_dim
    return list(found) if isinstance(found, (list, tuple)) else [found] * len(model.config.block_out_channels)


def head_width(attention):
    return attention.to_q.out_features // attention.heads


def has_transformer(model, level):
    config, last = model.config, len(model.config.block_out_channels) - 1
    return (
        config.down_block_types[level] == "CrossAttnDownBlock2D" or config.up_block_types[last - level] == "CrossAttnUpBlock2D"
        or level == last and config.mid_block_type == "UNetMidBlock2DCrossAttn")


def block_widths(model, ratio):
    widths, divisors = model.config.block_out_channels, {}
    for level, width in enumerate(widths):
        head = width // heads(model)[level] if has_transformer(model, level) and heads(model)[level] > 1 else 1
        divisors[width] = math.lcm(divisors.get(width, 1), model.config.norm_num_groups, head)
    return apart(widths, [n - divisors[n] * min(to_go(n, ratio) // divisors[n], n // divisors[n] - 1) for n in widths], divisors)


def is_stored(model, blocks):
    """Whether a result with such blocks stores the frequencies of the sinusoid, and the original does not."""
    return blocks[0] != model.config.block_out_channels[0] and model.config.time_embedding_type == "positional"


def stored(model):
    """The tensors of a result that stores the sinusoid's frequencies (float64): these, and the layers that read the sinusoid, with room for
    as many frequencies as half of the time embedding."""
    channels, half = model.config.block_out_channels[0], model.time_embedding.linear_2.out_features // 2
    used = channels // 2
    frequencies = torch.zeros(half, dtype=torch.float64)
    exponents = -math.log(10000) * torch.arange(used, dtype=torch.float64) / (used - model.config.freq_shift)
    frequencies[:used] = exponents.exp() / (2 * math.pi)
    tensors = {"time_proj.weight": frequencies}
    readers = ["time_embedding"] + ["class_embedding"] * (model.config.class_embed_type == "timestep")
    for name in (reader + ".linear_1.weight" for reader in readers):
        weight = model.get_parameter(name).detach().double()
        tensors[name] = torch.zeros(len(weight), 2 * half, dtype=torch.float64)
        tensors[name][:, :used], tensors[name][:, half:half + used] = weight[:, :used], weight[:, used:2 * used]
    return tensors


def narrower(model, tensors, blocks):
    """The model of a `diffusers` result, in float64."""
    config = copy.deepcopy({k: v for k, v in model.config.items() if not k.startswith("_")})
    before, counts = config["block_out_channels"], heads(model)
    after = [blocks[i] // (before[i] // n) if has_transformer(model, i) and n > 1 else n for i, n in enumerate(counts)]
    if after != counts:
        config["attention_head_dim"] = after
    config["block_out_channels"] = blocks
    if blocks[0] != before[0]:
        config["time_embedding_dim"] = tensors["time_embedding.linear_2.weight"].shape[0]
    if is_stored(model, blocks):
        config["time_embedding_type"] = "fourier"
        tensors = tensors | stored(model)
    result = UNet2DConditionModel(**config).double().eval()
    for path, module in result.named_modules():  # attention of pixels alone reads a head's width where transformers read how many there are
        former = model.get_submodule(path) if isinstance(module, Attention) else None
        if former is None or former.heads == module.heads == 1:
            continue
        if len(tensors[path + ".to_q.weight"]) != module.heads * head_width(former):
            raise ValueError(f"{path}: no config has this many heads beside those of the transformers")
    result.load_state_dict(tensors, strict=True)
    return result
