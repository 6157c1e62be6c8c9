"""SOAP (arXiv 2409.11321, algorithm 3) in plain PyTorch, by the conventions that docs/method.md states."""

import torch


class SOAP(torch.optim.Optimizer):
    """Adam in the eigenvectors of the gradients' covariance along each axis of a weight: (out, in, taps)."""

    def __init__(self, parameters, lr, weight_decay=0.0, tables=(), beta1=0.9, beta2=0.95, eps=1e-8, refresh=10, widest=2048):
        super().__init__(parameters, dict(lr=lr, weight_decay=weight_decay))
        self.tables, self.beta1, self.beta2, self.eps, self.refresh, self.widest = tables, beta1, beta2, eps, refresh, widest

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.update(parameter, self.state[parameter], group["lr"], group["weight_decay"])

    def axes(self, parameter, gradient):
        if gradient.ndim < 2 or id(parameter) in self.tables:
            return []
        return [axis for axis in range(gradient.ndim) if 2 <= gradient.shape[axis] <= self.widest]

    def update(self, parameter, state, rate, decay):
        gradient = parameter.grad.reshape(*parameter.shape[:2], -1) if parameter.ndim > 1 else parameter.grad
        if not state:
            sizes = {axis: gradient.shape[axis] for axis in self.axes(parameter, gradient)}
            state.update(
                step=0, first=torch.zeros_like(gradient), second=torch.zeros_like(gradient),
                covariances={axis: gradient.new_zeros(size, size) for axis, size in sizes.items()},
                bases={axis: torch.eye(size, dtype=gradient.dtype) for axis, size in sizes.items()})
        state["step"] += 1
        for axis, covariance in state["covariances"].items():
            vectors = gradient.movedim(axis, 0).flatten(1)
            covariance.lerp_(vectors @ vectors.T, 1 - self.beta2)
            if state["step"] % self.refresh == 0:
                old = state["bases"][axis]
                if state["step"] == self.refresh:
                    new = torch.linalg.eigh(covariance).eigenvectors.flip(1)
                else:
                    new = torch.linalg.qr(covariance @ old).Q
                state["bases"][axis] = new
                state["second"] = self.turn(state["second"], {axis: (old.T @ new).square()})
        state["first"].lerp_(gradient, 1 - self.beta1)
        state["second"].lerp_(self.turn(gradient, state["bases"]).square(), 1 - self.beta2)
        first = self.turn(state["first"], state["bases"]) / (1 - self.beta1 ** state["step"])
        change = first / ((state["second"] / (1 - self.beta2 ** state["step"])).sqrt() + self.eps)
        change = self.turn(change, {axis: basis.T for axis, basis in state["bases"].items()})
        parameter.mul_(1 - rate * decay).sub_(change.reshape(parameter.shape), alpha=rate)

    @staticmethod
    def turn(tensor, bases):
        """Every vector along an axis, in that axis's basis."""
        for axis, basis in bases.items():
            tensor = torch.tensordot(tensor, basis, dims=([axis], [0])).movedim(-1, axis)
        return tensor
