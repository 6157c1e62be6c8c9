"""Diff-Pruning written down once more, plainly, on diffusers' UNet2DModel: what the engine is compared with.

Nothing here is shared with the engine. Couplings (groups.py) come from rules written by hand over UNet2DModel's modules; scoring,
selection, cutting and the refit of the time embedding follow the service's contract ("Numbers, exactly"). reference_condition.py has
what is different for UNet2DConditionModel, which every function here takes as well.
"""

import copy
import math

import torch
from diffusers import UNet2DConditionModel, UNet2DModel
from diffusers.models.attention_processor import Attention, AttnAddedKVProcessor

import reference_condition
from groups import Couplings, apart, to_go

SAMPLES = ("fisher", "gauss-newton", "group-fisher")  # these go by the squares of every sample's own gradients
METHODS = ("diff-pruning", "taylor", *SAMPLES, "magnitude", "random", "scratch")


def couplings(model):
    """The groups of the model in forward order of their first producing layer."""
    if isinstance(model, UNet2DConditionModel):
        return reference_condition.couplings(model)
    return Couplings(model).analyse()


def alphas_cumprod(steps, beta_start=1e-4, beta_end=0.02):
    """Of DDPM's linear schedule; or `steps` itself where that is a schedule already, with a ratio for every step."""
    if isinstance(steps, torch.Tensor):
        return steps
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
    for t in range(first, (len(ratios) - 1 if last is None else last) + 1, stride):
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
        labels = getattr(self.model, "labels", None)  # of the whole batch
        for index, (sample, target) in enumerate(zip(noisy, noise)):
            if labels is not None:
                self.model.labels = labels[index:index + 1]
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
        if labels is not None:
            self.model.labels = labels

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
    if isinstance(model, UNet2DConditionModel):
        return reference_condition.block_widths(model, ratio)
    config, widths, divisors = model.config, [], {}
    for i, n in enumerate(config.block_out_channels):
        g = config.norm_num_groups
        if i == len(config.block_out_channels) - 1 and config.attn_norm_num_groups:
            g = math.lcm(g, config.attn_norm_num_groups)
        widths.append(n - g * min(to_go(n, ratio) // g, n // g - 1))
        divisors[n] = g
    return apart(list(config.block_out_channels), widths, divisors)


def selection(model, groups, found, widths, ratio):
    """The kept channels of every group, in the groups' order."""
    if widths == "free":
        return [keep_per_chunk(normalised(s), g.chunks, to_go(g.width, ratio) // g.chunks) for g, s in zip(groups, found)]
    blocks = block_widths(model, ratio)
    by_attention = {}
    for group, importance in zip(groups, found):
        if group.attention:
            by_attention.setdefault(group.attention, []).append(importance)
    chosen = []
    for group, importance in zip(groups, found):
        head = group.head_width
        if group.is_whole:
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
            width = group.width * blocks[group.block] // model.config.block_out_channels[group.block]  # GEGLU's is four times the block's
            chosen.append(keep_per_chunk(normalised(importance), chunks, (group.width - width) // chunks))
            assert len(chosen[-1]) == width
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
        kinds = (torch.nn.Conv2d, torch.nn.Linear, torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.Embedding)
        if weight is None or not isinstance(module, kinds):
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
        elif isinstance(module, torch.nn.LayerNorm):
            module.normalized_shape = tuple(weight.shape)
    for module in model.modules():
        if type(module).__name__ in ("Downsample2D", "Upsample2D") and isinstance(module.conv, torch.nn.Conv2d):
            module.channels = module.conv.in_channels
        if type(module).__name__ == "ResnetBlock2D":  # what halves or doubles inside it has no weights, but checks its channels
            for inner in (module.downsample, module.upsample):
                if isinstance(inner, torch.nn.Module):
                    inner.channels = inner.out_channels = module.norm1.num_channels
        if isinstance(module, Attention) and module.added_kv_proj_dim is not None:
            # The one that it comes with takes what attention gives for as wide as the block.
            module.set_processor(AttnAddedKVProcessor())
            module.scale = (module.to_q.out_features // module.heads) ** -0.5
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
    if isinstance(model, UNet2DConditionModel):
        return reference_condition.narrower(model, tensors, block_widths(model, ratio))
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
    """Zeros for what a conditional model is told beside timesteps and tokens; None for others."""
    if model.class_embedding is None:
        return None
    if model.config.get("projection_class_embeddings_input_dim"):
        return torch.zeros(count, model.config.projection_class_embeddings_input_dim, dtype=next(model.parameters()).dtype)
    if model.config.class_embed_type == "identity":
        return torch.zeros(count, model.time_embedding.linear_2.out_features, dtype=next(model.parameters()).dtype)
    return torch.zeros(count, dtype=torch.long)


def count(model, tokens=77):
    """Parameters, and multiply-accumulates of convolutions and linear layers for one sample, and as many tokens where it is told some."""
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
        told = ()
        if isinstance(model, UNet2DConditionModel):
            told = (torch.zeros(1, tokens, reference_condition.token_width(model), dtype=parameter.dtype, device=parameter.device),)
        model(sample, 1, *told, class_labels(model))
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for p in model.parameters()), total
