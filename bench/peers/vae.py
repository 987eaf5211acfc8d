"""The VAE step of ../cases/vae.ts in PyTorch: 784-500-50 softplus, binarised pixels, batch 200."""
import torch
import torch.nn.functional as F
from torch import nn

SIZES = {"full": (784, 500, 50, 200), "tiny": (36, 7, 3, 8)}


class Vae:
    def __init__(self, pixels, hidden, latent, batch):
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.Softplus(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Softplus(), nn.Linear(hidden, pixels))
        weights = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.adam = torch.optim.Adam(weights, lr=3e-4)
        self.images = 2 * torch.rand(batch, pixels) - 1
        self.noise = 2 * torch.rand(batch, pixels) - 1
        self.latents = torch.randn(batch, latent)

    def step(self):
        pixels = (self.images > self.noise).float()
        mean, log_variance = self.encoder(pixels).chunk(2, 1)
        logits = self.decoder(mean + torch.exp(log_variance / 2) * self.latents)
        n = len(pixels)
        reconstruction = F.binary_cross_entropy_with_logits(logits, pixels, reduction="sum") / n
        divergence = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp()) / n
        loss = reconstruction + divergence
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item(), reconstruction.item(), divergence.item()


def create(size):
    return Vae(*SIZES[size])
