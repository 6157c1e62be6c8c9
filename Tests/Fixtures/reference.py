"""Diff-Pruning written down once more, plainly, on diffusers' UNet2DModel: what the engine is compared with.

Nothing here is shared with the engine. Couplings come from rules written by hand over UNet2DModel's modules; scoring, selection,
cutting and the refit of the time embedding follow the service's contract ("Numbers, exactly").
"""

import copy
import math
from dataclasses import dataclass, field

import torch
from diffusers import UNet2DModel

SAMPLES = ("fisher", "gauss-newton", "group-fisher")  # these go by the squares of every sample's own gradients
METHODS = ("diff-pruning", "taylor", *SAMPLES, "magnitude", "random", "scratch")


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
    block: int | None = None
    attention: str | None = None
    parent: "Group | None" = None

    def root(self):
        return self if self.parent is None else self.parent.root()

    @property
    def name(self):
        return self.producers[0][0].removesuffix(".weight")

    @property
    def members(self):
        return self.producers + self.consumers + self.norms

    @property
    def chunks(self):
        return self.heads if self.attention else self.norm_groups


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

    def analyse(self):
        config, model = self.config, self.model
        last = len(config.block_out_channels) - 1
        hidden = self.new(self.shapes["time_embedding.linear_1.weight"][0], kind="time")
        self.produce("time_embedding.linear_1", hidden)
        self.time = self.new(self.shapes["time_embedding.linear_2.weight"][0], kind="time")
        self.consume("time_embedding.linear_2", [hidden])
        self.produce("time_embedding.linear_2", self.time)
        if self.has("class_embedding.weight"):
            self.time.norms.append(("class_embedding.weight", 1, 0))  # a table's columns follow; they are not scored
        elif self.has("class_embedding.linear_1.weight"):
            hidden = self.new(self.shapes["class_embedding.linear_1.weight"][0], kind="time")
            self.produce("class_embedding.linear_1", hidden)
            self.consume("class_embedding.linear_2", [hidden])
            self.produce("class_embedding.linear_2", self.time)

        stream = [self.new(self.shapes["conv_in.weight"][0], block=0)]
        self.produce("conv_in", stream[0])
        skips = [stream]
        for i, block in enumerate(model.down_blocks):
            path = f"down_blocks.{i}"
            for j in range(len(block.resnets)):
                stream = self.resnet(f"{path}.resnets.{j}", stream, i)
                if self.has(f"{path}.attentions.{j}.to_q.weight"):
                    self.attention(f"{path}.attentions.{j}", stream, i)
                skips.append(stream)
            if block.downsamplers is not None:
                stream = self.resampled(path, "down", stream, i)
                skips.append(stream)
        if model.mid_block is not None:
            stream = self.resnet("mid_block.resnets.0", stream, last)
            if self.has("mid_block.attentions.0.to_q.weight"):
                self.attention("mid_block.attentions.0", stream, last)
            stream = self.resnet("mid_block.resnets.1", stream, last)
        for i, block in enumerate(model.up_blocks):
            path = f"up_blocks.{i}"
            for j in range(len(block.resnets)):
                stream = self.resnet(f"{path}.resnets.{j}", stream + skips.pop(), last - i)
                if self.has(f"{path}.attentions.{j}.to_q.weight") and not hasattr(block, "resnet_up"):
                    self.attention(f"{path}.attentions.{j}", stream, last - i)
            if hasattr(block, "resnet_up") and self.has(f"{path}.attentions.0.to_q.weight"):
                self.attention(f"{path}.attentions.0", stream, last - i)
            if i < last:
                stream = self.resampled(path, "up", stream, last - i)
        assert not skips
        self.norm("conv_norm_out", stream, model.conv_norm_out.num_groups)
        self.consume("conv_out", stream)
        if self.config.class_embed_type == "identity":
            self.groups.remove(self.time)  # what comes in from outside keeps its width, and what is added to it
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
        self.produce(path + ".time_emb_proj", inner)
        if self.config.resnet_time_scale_shift == "scale_shift":
            self.produce(path + ".time_emb_proj", inner, offset=inner.width)
        self.consume(path + ".time_emb_proj", [self.time])
        self.norm(path + ".norm2", [inner], module.norm2.num_groups)
        output = self.convolution(path + ".conv2", [inner], block)[0]
        if self.has(path + ".conv_shortcut.weight"):
            self.consume(path + ".conv_shortcut", stream)
            self.produce(path + ".conv_shortcut", output)
            return [output]
        self.join(stream[0], output)
        return stream

    def attention(self, path, stream, block):
        module = self.model.get_submodule(path)
        if module.group_norm is not None:
            self.norm(path + ".group_norm", stream, module.group_norm.num_groups)
        inner = self.shapes[path + ".to_q.weight"][0]
        query = self.new(inner, kind="qk", heads=module.heads, block=block, attention=path)
        value = self.new(self.shapes[path + ".to_v.weight"][0], kind="v", heads=module.heads, block=block, attention=path)
        for layer, group in (("to_q", query), ("to_k", query), ("to_v", value)):
            self.consume(f"{path}.{layer}", stream)
            self.produce(f"{path}.{layer}", group)
        self.consume(path + ".to_out.0", [value])
        self.produce(path + ".to_out.0", stream[0])


def couplings(model):
    """The groups of the model in forward order of their first producing layer."""
    return Couplings(model).analyse()


def alphas_cumprod(steps, beta_start=1e-4, beta_end=0.02):
    return torch.cumprod(1 - torch.linspace(beta_start, beta_end, steps, dtype=torch.float32), 0)


def scoring(model, method, x0, seed, steps, threshold=0.05, first=0, last=None, stride=1):
    """The losses of the timesteps, which of them were kept, and by parameter name the gradients (float64): their sums over timesteps; with
    `fisher` and `gauss-newton` the means of every sample's squares, with `group-fisher` of every sample's squared slopes by a factor on a
    layer's inputs."""
    if method in ("magnitude", "random"):
        return [], {}
    model = copy.deepcopy(model).double().eval()
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(x0.shape, generator=generator)
    squares = Squares(model, method, generator) if method in SAMPLES else None
    ratios = alphas_cumprod(steps)
    losses, largest = [], 0.0
    for t in range(first, (steps - 1 if last is None else last) + 1, stride):
        noisy = ratios[t] ** 0.5 * x0 + (1 - ratios[t]) ** 0.5 * noise
        loss = ((model(noisy.double(), t).sample - noise.double()) ** 2).mean()
        value = loss.item()
        largest = max(largest, value)
        kept = method == "taylor" or value >= threshold * largest
        losses.append({"timestep": t, "loss": value, "relative": value / largest, "kept": kept})
        if not kept:
            break
        if squares:
            squares.add(noisy.double(), t, noise.double())
        else:
            loss.backward()
    if squares:
        return losses, squares.means()
    return losses, {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


class Squares:
    """Squares of the gradients of one sample at a time, over samples and timesteps."""

    def __init__(self, model, method, generator):
        self.model, self.method, self.generator = model, method, generator
        self.sums, self.count = {}, 0
        self.factors = {}
        if method == "group-fisher":
            for path, module in model.named_modules():
                if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
                    self.factor(path, module)

    def factor(self, path, module):
        """Factors of 1 on what a layer reads; and on what q and k are, as the attention that reads these has no weights."""
        def scaled(key, values, count):
            factor = self.factors[key] = torch.ones(count, dtype=torch.float64, requires_grad=True)
            return values * (factor.view(-1, 1, 1) if isinstance(module, torch.nn.Conv2d) else factor)

        columns, rows = module.weight.shape[1], module.weight.shape[0]
        name = path + ".weight"
        module.register_forward_pre_hook(lambda module, inputs: (scaled((name, 1), inputs[0], columns), *inputs[1:]))
        if path.endswith((".to_q", ".to_k")):
            module.register_forward_hook(lambda module, inputs, output: scaled((name, 0), output, rows))

    def add(self, noisy, t, noise):
        for sample, target in zip(noisy, noise):
            self.model.zero_grad()
            self.factors.clear()
            output = self.model(sample[None], t).sample[0]
            if self.method == "gauss-newton":
                signs = torch.randint(0, 2, output.shape, generator=self.generator) * 2 - 1
                (signs * output).sum().backward()
            else:
                ((output - target) ** 2).mean().backward()
            slopes = self.factors if self.method == "group-fisher" else dict(self.model.named_parameters())
            for key, value in slopes.items():
                if value.grad is not None:
                    self.sums[key] = self.sums.get(key, 0) + value.grad ** 2
            self.count += 1

    def means(self):
        return {key: value / self.count for key, value in self.sums.items()}


def importances(model, groups, method, gradients, seed):
    """One unnormalised importance per channel (float64) for every group."""
    weights = {name: p.detach().double() for name, p in model.named_parameters()}
    generator = torch.Generator().manual_seed(seed)
    found = []
    for group in groups:
        total = torch.zeros(group.width, dtype=torch.float64)
        if method == "random":
            total = torch.rand(group.width, generator=generator).double()
        elif method == "group-fisher":
            for name, axis, offset in group.consumers or group.producers:
                total += gradients[name, axis][offset:offset + group.width] / 2
        else:
            for name, axis, offset in group.producers + group.consumers:
                weight = weights[name]
                if method == "magnitude":
                    term = weight ** 2
                elif method in SAMPLES:
                    term = weight ** 2 * gradients[name] / 2
                else:
                    term = weight * gradients[name]
                    if method in ("diff-pruning", "scratch"):
                        term = term.abs()
                member = term.transpose(0, axis).flatten(1).sum(1)[offset:offset + group.width]
                total += member.abs() if method == "taylor" else member
        found.append(total)
    return found


def normalised(importance):
    mean = importance.mean()
    return importance / mean if mean > 0 else torch.zeros_like(importance)


def to_go(width, ratio):
    return width - int(width * (1 - ratio))


def keep_per_chunk(scores, chunks, removed_per_chunk):
    """Each chunk loses its lowest, ties by the lower index, but keeps one."""
    size = len(scores) // chunks
    removed = min(removed_per_chunk, size - 1)
    kept = []
    for c in range(chunks):
        order = torch.argsort(scores[c * size:(c + 1) * size], stable=True)
        kept += sorted((order[removed:] + c * size).tolist())
    return kept


def block_widths(model, ratio):
    """The new block_out_channels of a `diffusers` result."""
    config, widths = model.config, []
    for i, n in enumerate(config.block_out_channels):
        g = config.norm_num_groups
        if i == len(config.block_out_channels) - 1 and config.attn_norm_num_groups:
            g = math.lcm(g, config.attn_norm_num_groups)
        widths.append(n - g * min(to_go(n, ratio) // g, n // g - 1))
    return widths


def selection(model, groups, found, widths, ratio):
    """The kept channels of every group, in the groups' order."""
    if widths == "free":
        return [keep_per_chunk(normalised(s), g.chunks, to_go(g.width, ratio) // g.chunks) for g, s in zip(groups, found)]
    blocks = block_widths(model, ratio)
    head = model.config.attention_head_dim
    by_attention = {}
    for group, importance in zip(groups, found):
        if group.attention:
            by_attention.setdefault(group.attention, []).append(importance)
    chosen = []
    for group, importance in zip(groups, found):
        if group.kind == "time":
            chosen.append(list(range(group.width)))
        elif group.attention and head is not None:
            count = blocks[group.block] // head
            if count == 0:
                raise ValueError(f"{group.attention}: a block of {blocks[group.block]} channels has no head of {head}")
            ranked = sum(by_attention[group.attention]).reshape(-1, head).sum(1)
            heads = sorted(torch.argsort(ranked, stable=True)[len(ranked) - count:].tolist())
            chosen.append([h * head + k for h in heads for k in range(head)])
        else:
            chunks = 1 if group.attention else group.norm_groups
            chosen.append(keep_per_chunk(normalised(importance), chunks, (group.width - blocks[group.block]) // chunks))
            assert len(chosen[-1]) == blocks[group.block]
    return chosen


def sliced(tensors, groups, kept):
    """The tensors by name, cut to the kept channels of every group they are members of."""
    keep = {name: [torch.ones(n, dtype=torch.bool) for n in t.shape] for name, t in tensors.items()}
    for group, indices in zip(groups, kept):
        mask = torch.zeros(group.width, dtype=torch.bool)
        mask[indices] = True
        for name, axis, offset in group.members:
            keep[name][axis][offset:offset + group.width] &= mask
    result = {}
    for name, tensor in tensors.items():
        for axis, mask in enumerate(keep[name]):
            tensor = tensor.index_select(axis, mask.nonzero()[:, 0])
        result[name] = tensor
    return result


def rebuilt(model, tensors):
    """A copy of the model whose layers take the shapes of the tensors: how a `free` result runs in stock diffusers."""
    model = copy.deepcopy(model)
    for path, module in model.named_modules():
        weight = tensors.get(path + ".weight")
        if weight is None or not isinstance(module, (torch.nn.Conv2d, torch.nn.Linear, torch.nn.GroupNorm, torch.nn.Embedding)):
            continue
        module.weight = torch.nn.Parameter(weight.clone())
        if path + ".bias" in tensors:
            module.bias = torch.nn.Parameter(tensors[path + ".bias"].clone())
        if isinstance(module, torch.nn.Conv2d):
            module.out_channels, module.in_channels = weight.shape[:2]
        elif isinstance(module, torch.nn.Linear):
            module.out_features, module.in_features = weight.shape
        elif isinstance(module, torch.nn.GroupNorm):
            module.num_channels = weight.shape[0]
    for module in model.modules():
        if type(module).__name__ in ("Downsample2D", "Upsample2D") and isinstance(module.conv, torch.nn.Conv2d):
            module.channels = module.conv.in_channels
        if type(module).__name__ == "ResnetBlock2D":  # what halves or doubles inside it has no weights, but checks its channels
            for inner in (module.downsample, module.upsample):
                if isinstance(inner, torch.nn.Module):
                    inner.channels = inner.out_channels = module.norm1.num_channels
    return model


def time_readers(model):
    """The layers that read `time_proj`, by the names of their weights."""
    names = ("time_embedding.linear_1.weight", "class_embedding.linear_1.weight")
    return {name: p.detach() for name, p in model.named_parameters() if name in names}


def refitted(model, width, steps):
    """table (steps × width) and the weights of time_readers, whose products are the truncated SVD of embeddings · weightsᵀ over all steps."""
    readers = time_readers(model)
    weight = torch.cat([w.double() for w in readers.values()])
    embeddings = model.time_proj(torch.arange(steps)).detach().double()
    u, s, vt = torch.linalg.svd(embeddings @ weight.T, full_matrices=False)
    weights = (s[:width].sqrt()[:, None] * vt[:width]).T.split([len(w) for w in readers.values()])
    return u[:, :width] * s[:width].sqrt(), dict(zip(readers, weights))


def cut(model, groups, kept, widths, ratio, steps):
    """The pruned model in float64, ready to run."""
    tensors = sliced({n: p.detach().double() for n, p in model.named_parameters()}, groups, kept)
    if widths == "free":
        return rebuilt(copy.deepcopy(model).double(), tensors)
    config = {k: v for k, v in model.config.items() if not k.startswith("_")}
    blocks = block_widths(model, ratio)
    config["block_out_channels"] = blocks
    config["time_embedding_dim"] = tensors["time_embedding.linear_2.weight"].shape[0]
    if blocks[0] != model.config.block_out_channels[0]:
        config["time_embedding_type"], config["num_train_timesteps"] = "learned", steps
        tensors["time_proj.weight"], weights = refitted(model, blocks[0], steps)
        tensors |= weights
    result = UNet2DModel(**config).double().eval()
    result.load_state_dict(tensors, strict=True)
    return result


def class_labels(model, count=1):
    """Zeros for what a conditional model is told beside timesteps; None for others."""
    if model.class_embedding is None:
        return None
    if model.config.class_embed_type == "identity":
        return torch.zeros(count, model.time_embedding.linear_2.out_features, dtype=next(model.parameters()).dtype)
    return torch.zeros(count, dtype=torch.long)


def count(model):
    """Parameters, and multiply-accumulates of convolutions and linear layers for one sample."""
    total = 0

    def add(module, inputs, output):
        nonlocal total
        if isinstance(module, torch.nn.Conv2d):
            total += output.shape[2] * output.shape[3] * module.weight.numel()
        else:
            total += output.numel() // output.shape[-1] * module.weight.numel()

    hooks = [m.register_forward_hook(add) for m in model.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    size = model.config.sample_size
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    parameter = next(model.parameters())
    with torch.no_grad():
        sample = torch.zeros(1, model.config.in_channels, height, width, dtype=parameter.dtype, device=parameter.device)
        model(sample, 1, class_labels(model))
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for p in model.parameters()), total
