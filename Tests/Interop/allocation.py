"""Jobs whose shares follow what channels are worth (`allocation: "global"`) against a plain rendering, for free widths."""

import math

import reference
from models import subject

SMALLEST = 0.7  # of what a uniform cut leaves


class Units:
    """What becomes narrower together, and the order in which it does."""

    def __init__(self, this, found, ratio):
        self.this, self.found = this, found
        self.uniform = [g.width - g.chunks * min(reference.to_go(g.width, ratio) // g.chunks, g.width // g.chunks - 1) for g in this.groups]
        self.units = {}
        for index, group in enumerate(this.groups):
            self.units.setdefault(group.attention or index, []).append(index)
        # Ascending scores of each group, those of all its chunks added up.
        self.ladders = [s.reshape(g.chunks, -1).sort(dim=1).values.sum(0) for g, s in zip(this.groups, found)]

    def kept(self, widths):
        groups = self.this.groups
        return [reference.keep_per_chunk(s, g.chunks, (g.width - w) // g.chunks) for g, s, w in zip(groups, self.found, widths)]

    def macs(self, widths):
        model = self.this.model
        tensors = {n: p.detach() for n, p in model.named_parameters()}
        return reference.count(reference.rebuilt(model, reference.sliced(tensors, self.this.groups, self.kept(widths))))[1]

    def narrower(self, widths, unit):
        widths = list(widths)
        for index in unit:
            widths[index] -= self.this.groups[index].chunks
        return widths

    def steps(self):
        """Every step of every unit, the cheapest first."""
        whole = [g.width for g in self.this.groups]
        all_, steps = self.macs(whole), []
        for place, unit in enumerate(self.units.values()):
            widths, number = self.narrower(whole, unit), 0
            if any(widths[i] < 1 for i in unit):
                continue
            saved = all_ - self.macs(widths)
            while all(widths[i] >= max(1, math.ceil(SMALLEST * self.uniform[i])) for i in unit):
                price = sum(self.ladders[i][number].item() for i in unit) / max(saved, 1)
                steps.append((price, place, number, unit))
                widths, number = self.narrower(widths, unit), number + 1
        return sorted(steps)

    def widths(self):
        """After as few steps as leave no more multiply-accumulates than the uniform cut."""
        widths, limit = [g.width for g in self.this.groups], self.macs(self.uniform)
        for *_, unit in self.steps():
            if self.macs(widths) <= limit:
                break
            widths = self.narrower(widths, unit)
        return widths


def allocated(client, figures, name, method, ratio):
    this = subject(name)
    request = {"checkpoint": this.checkpoint(client), "dataset": this.dataset(client)}
    job, metrics = client.run(**request, pruning=this.pruning(method, "free", ratio) | {"allocation": "global"})
    units = Units(this, this.importances(method), ratio)
    expected = {g.name: (w, k) for g, w, k in zip(this.groups, units.widths(), units.kept(units.widths()))}
    theirs = {g["name"]: g for g in metrics["groups"]}
    figures.count("widths", sum(len(theirs[n]["kept"]) == w for n, (w, _) in expected.items()), len(expected))
    figures.count("kept channels", sum(len(set(theirs[n]["kept"]) & set(k)) for n, (_, k) in expected.items()), sum(len(k) for _, k in expected.values()))
    uniform = units.macs(units.uniform)
    figures.bar("multiply-accumulates over the uniform cut's", metrics["macs"]["after"] / uniform, 1)
    figures.notes.append(f"{job['id']}: {metrics['macs']['after'] / uniform:.3f} of the uniform cut's")
