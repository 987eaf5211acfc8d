"""The LeNet: a training step with weight decay, and the scores of a pool of bytes."""
import torch
import torch.nn.functional as F
from torch import nn

BLOCK = 128


def network(side, first, second, hidden):
    last = ((side - 4) // 2 - 4) // 2
    return nn.Sequential(
        nn.Conv2d(1, first, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(first, second, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(last**2 * second, hidden), nn.ReLU(), nn.Linear(hidden, 10),
    )


def model_range(images):
    return images.float() / 127.5 - 1


class Training:
    def __init__(self, side, widths):
        self.net = network(side, *widths)
        # Added to the loss by Adam itself: weight_decay x weight joins the gradient, for kernels alone.
        kernels = [p for p in self.net.parameters() if p.dim() > 1]
        biases = [p for p in self.net.parameters() if p.dim() == 1]
        self.adam = torch.optim.Adam([{"params": kernels, "weight_decay": 5e-4}, {"params": biases}], 1e-3)
        self.images = torch.randint(0, 256, (32, 1, side, side), dtype=torch.uint8)
        self.labels = torch.arange(32) % 10

    def step(self):
        self.adam.zero_grad()
        loss = F.cross_entropy(self.net(model_range(self.images)), self.labels)
        loss.backward()
        self.adam.step()
        return loss.item()


class Scoring:
    def __init__(self, side, widths, pool):
        self.net = network(side, *widths).eval()
        self.images = torch.randint(0, 256, (pool, 1, side, side), dtype=torch.uint8)

    def step(self):
        with torch.inference_mode():
            return torch.cat([self.net(model_range(block)).cpu() for block in self.images.split(BLOCK)])


def create(size, variant):
    side, widths, pool = (28, (20, 50, 128), 60_000) if size == "full" else (16, (3, 4, 5), 130)
    return Training(side, widths) if variant == "training" else Scoring(side, widths, pool)
