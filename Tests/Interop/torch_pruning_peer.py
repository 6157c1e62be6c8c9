"""Pruning jobs against torch-pruning 1.2.2, driven as the Diff-Pruning paper's code drives it.

Compared: the members of its groups, its importances (MagnitudeImportance; TaylorImportance, with multivariable=False for Diff-Pruning)
against the reported scores, the channels its pruner keeps, the tensors it leaves, its counts. What it does otherwise, and is left
out of the comparison, is said in docs/parity.md: q and k, whose groups it cannot tell from v's;
the groups that begin at time_emb_proj where that has 2n rows; and scoring a group only after the groups before it were cut.
"""

import contextlib
import warnings

import torch
import torch_pruning
from diffusers.models.attention_processor import Attention, AttnProcessor
from torch_pruning import ops
from torch_pruning.utils import op_counter

import reference
from downloads import downloaded
from models import subject
from pruning import SCORES, TIES


class Root(torch.nn.Linear):
    """A linear layer at which a group may begin; torch-pruning picks the roots by their class, among them every convolution."""


IMPORTANCES = {
    "magnitude": lambda: torch_pruning.importance.MagnitudeImportance(),
    "taylor": lambda: torch_pruning.importance.TaylorImportance(multivariable=True),
    "diff-pruning": lambda: torch_pruning.importance.TaylorImportance(multivariable=False)}


class Peer:
    """A copy of the model under torch-pruning, its groups and their importances on the uncut model."""

    def __init__(self, this, method):
        self.model = model = this.fresh().double()
        gradients = this.scored(method)[1]
        for name, parameter in model.named_parameters():
            parameter.grad = gradients[name].clone() if gradients else None
        channel_groups = {}
        for path, module in model.named_modules():
            if isinstance(module, Attention):
                module.set_processor(AttnProcessor())  # the fused product cannot be traced
                module.to_v.__class__ = Root
                if module.heads > 1:
                    channel_groups |= {layer: module.heads for layer in (module.to_q, module.to_k, module.to_v)}
        model.time_embedding.linear_1.__class__ = model.time_embedding.linear_2.__class__ = Root
        self.names = {module: path for path, module in model.named_modules()}
        self.owner = {member[0].removesuffix(".weight"): group for group in this.groups for member in group.producers}
        size = model.config.sample_size
        height, width = size if isinstance(size, (list, tuple)) else (size, size)
        self.example = {"sample": torch.randn(1, model.config.in_channels, height, width).double(), "timestep": torch.ones((1,)).long()}
        self.scores = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.pruner = torch_pruning.pruner.MetaPruner(
                model, self.example, importance=lambda group, ch_groups=1: self.scores[self.group(group).name], iterative_steps=1,
                ch_sparsity=0.3, channel_groups=channel_groups, ignored_layers=[model.conv_out], root_module_types=[ops.TORCH_CONV, Root])
        self.found = list(self.pruner.DG.get_all_groups(self.pruner.ignored_layers, self.pruner.root_module_types))
        importance = IMPORTANCES[method]()
        for group in self.found:
            self.scores[self.group(group).name] = importance(group, ch_groups=1)

    def group(self, theirs):
        """The reference's group that the root of theirs belongs to."""
        return self.owner[self.names[theirs[0][0].target.module]]

    def members(self, theirs):
        """Their group as the contract's (parameter, axis, offset); a member's indices have to cover the group's width."""
        graph, width, found = self.pruner.DG, self.group(theirs).width, {}
        for item in theirs:
            module = item.dep.target.module
            if module in self.names:
                axis = 0 if graph.is_out_channel_pruning_fn(item.dep.handler) else 1
                for index, root in zip(item.idxs, item.root_idxs, strict=True):
                    found.setdefault((module, axis, index - root), []).append(root)
        members = set()
        for (module, axis, offset), roots in found.items():
            assert sorted(roots) == list(range(width)), (self.names[module], axis, offset)
            members.add((self.names[module] + ".weight", axis, offset))
            if axis == 0 and module.bias is not None:
                members.add((self.names[module] + ".bias", axis, offset))
        return members

    def follows(self, theirs):
        """False for the groups of attention's values, which hold q and k as well."""
        return self.group(theirs).attention is None


def macs(model, example):
    """torch-pruning's count of convolutions and linear layers, without the one it adds for every bias."""
    total = 0

    def add(module, inputs, output):
        nonlocal total
        counter = op_counter.conv_flops_counter_hook if isinstance(module, torch.nn.Conv2d) else op_counter.linear_flops_counter_hook
        module.__flops__ = 0
        counter(module, inputs, output)
        biases = 0 if module.bias is None else output.numel() if isinstance(module, torch.nn.Conv2d) else output.shape[-1]
        total += module.__flops__ - biases
        del module.__flops__

    hooks = [m.register_forward_hook(add) for m in model.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    with torch.no_grad():
        model(**example)
    for hook in hooks:
        hook.remove()
    return total


def compared(client, figures, name, method):
    """One `free` job at 0.3 against torch-pruning."""
    this = subject(name)
    request = {"checkpoint": this.checkpoint(client), "pruning": this.pruning(method, "free", 0.3)}
    job, metrics = client.run(**request, **({} if method == "magnitude" else {"dataset": this.dataset(client)}))
    ours = {g["name"]: g for g in metrics["groups"]}
    peer = Peer(this, method)
    before = macs(peer.model, peer.example)

    compared_channels = 0
    for theirs in filter(peer.follows, peer.found):
        group = ours[peer.group(theirs).name]
        figures.same("groups", peer.members(theirs), {(m["parameter"], m["axis"], m["offset"]) for m in group["members"]})
        scores = peer.scores[group["name"]]
        figures.absolute("scores", [s / scores.max().item() for s in group["scores"]], (scores / scores.max()).tolist(), SCORES)
        compared_channels += len(scores)
    figures.notes.append(f"{compared_channels} channels, {len(ours) - sum(map(peer.follows, peer.found))} groups of ours (q/k and v) not compared")
    for theirs in peer.found:
        if not peer.follows(theirs):  # the values' own scores, so that what they are cut to can be compared
            peer.scores[peer.group(theirs).name] = torch.tensor(ours[peer.group(theirs).name]["scores"]).double()

    kept = {group.name: set(range(group.width)) for group in map(peer.group, peer.found)}
    for theirs in peer.pruner.step(interactive=True):
        group = peer.group(theirs)
        kept[group.name] -= set(theirs[0].idxs)
        figures.same("chunks", peer.pruner.get_channel_groups(theirs), group.chunks)
        theirs.prune()
    for group in map(peer.group, filter(peer.follows, peer.found)):
        compared_choice(figures, method, peer, group, kept[group.name], set(ours[group.name]["kept"]))

    result, tensors = downloaded(client, job["result"]["checkpoint"], "free")
    for parameter_name, parameter in peer.model.named_parameters():
        figures.same("shapes", parameter.shape, tensors[parameter_name].shape)
        if ".to_q." not in parameter_name and ".to_k." not in parameter_name and "exchanged at ties of" not in figures.worst:
            figures.same("tensors", parameter.detach(), tensors[parameter_name].double())
    for module in peer.model.modules():
        if type(module).__name__ in ("Downsample2D", "Upsample2D"):
            module.channels = module.conv.in_channels
    with contextlib.redirect_stdout(None):
        counted = torch_pruning.utils.count_ops_and_params(peer.model, peer.example)[1]
    figures.same("parameters", counted, metrics["parameters"]["after"])
    figures.same("macs", (before, macs(peer.model, peer.example)), (metrics["macs"]["before"], metrics["macs"]["after"]))
    figures.same("macs", reference.count(result.unet)[1], metrics["macs"]["after"])


def compared_choice(figures, method, peer, group, theirs, ours):
    """The kept channels of one group: the same for `magnitude`, else different at ties at most."""
    exchanged = sorted(theirs ^ ours)
    if method == "magnitude" or not exchanged:
        figures.count("kept channels", len(theirs & ours), len(theirs | ours) - len(exchanged) // 2)
    else:
        scores = peer.scores[group.name]
        figures.bar("exchanged at ties of", ((scores[exchanged].max() - scores[exchanged].min()) / scores.max()).item(), TIES)
