"""What a comparison found: for each kind of number the worst figure seen, and the bar that it has to stay under."""

import torch


class Figures:
    def __init__(self):
        self.worst = {}  # what: (figure, bar)
        self.counts = {}  # what: (agreeing, of how many)
        self.notes = []  # said beside them, with no bar of their own

    def bar(self, what, figure, bar):
        """Notes a figure; only the largest of its kind counts. One that is not a number is over every bar."""
        figure = float("inf") if figure != figure else figure
        self.worst[what] = (max(figure, self.worst.get(what, (0.0, bar))[0]), bar)

    def relative(self, what, ours, theirs, bar):
        """The largest |ours - theirs| / |theirs| of two equally long lists."""
        for a, b in zip(ours, theirs, strict=True):
            self.bar(what, abs(a - b) / abs(b), bar)

    def absolute(self, what, ours, theirs, bar):
        """The largest |ours - theirs| of two equally long lists."""
        for a, b in zip(ours, theirs, strict=True):
            self.bar(what, abs(a - b), bar)

    def same(self, what, ours, theirs):
        """Counts one more thing that has to be equal on both sides."""
        equal = torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs
        self.count(what, int(equal), 1)

    def count(self, what, agreeing, total):
        """Adds to a count of things all of which have to be equal."""
        before = self.counts.get(what, (0, 0))
        self.counts[what] = (before[0] + agreeing, before[1] + total)

    @property
    def agree(self):
        """False also when nothing was compared at all."""
        within = all(figure <= bar for figure, bar in self.worst.values())
        return within and all(a == t > 0 for a, t in self.counts.values()) and bool(self.worst or self.counts)

    def __str__(self):
        worst = [f"{what} {figure:.1g} (bar {bar:g}){'' if figure <= bar else ' <-- OVER'}" for what, (figure, bar) in self.worst.items()]
        counts = [f"{what} {a}/{t}{'' if a == t > 0 else ' <-- DIFFER'}" for what, (a, t) in self.counts.items()]
        return ", ".join(worst + counts + self.notes) or "nothing was compared"
