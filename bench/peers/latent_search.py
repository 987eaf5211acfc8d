"""A latent search: Adam on latents through a frozen DCGAN to the boundary of a linear classifier, norms kept in the
prior's shell and the best point of each latent remembered."""
import math

import torch
from torch import nn

from dcgan import LATENT, Generator


class Step:
    def __init__(self, side, channels, queries, steps):
        self.generator = Generator((side, side, 1), channels).eval().requires_grad_(False)
        self.classifier = nn.Linear(side * side, 2).requires_grad_(False)
        self.start = torch.randn(queries, LATENT)
        self.steps = steps

    def standing(self, latents):
        scores = self.classifier(self.generator(latents).flatten(1))
        return (scores[:, 1] - scores[:, 0]) ** 2

    def step(self):
        radius = math.sqrt(LATENT)
        latents = self.start.clone().requires_grad_()
        adam = torch.optim.Adam([latents], 0.05, eps=1e-18)
        best, lowest = self.start.clone(), torch.full((len(self.start),), math.inf)
        for _ in range(self.steps):
            standing = self.standing(latents)
            with torch.no_grad():
                better = standing < lowest
                best = torch.where(better[:, None], latents, best)
                lowest = torch.where(better, standing, lowest)
            adam.zero_grad()
            standing.sum().backward()
            adam.step()
            with torch.no_grad():
                norms = latents.norm(dim=1, keepdim=True)
                latents.mul_(norms.clamp(radius - 2, radius + 2) / norms)
        with torch.no_grad():
            self.standing(latents)
            return self.standing(best).tolist(), self.standing(self.start).tolist()


def create(size):
    return Step(28, [128, 64], 50, 100) if size == "full" else Step(8, [4, 3], 5, 3)
