"""A critic step of WGAN-GP in PyTorch, the twin of bench/cases/wgan-gp.ts: same layers, sizes and order of work."""
import torch
import torch.nn.functional as F
from torch import nn

LATENT, LAMBDA = 128, 10
SIZES = {"full": (50, 64), "tiny": (2, 2)}  # batch, width; images are 28 x 28 x 1


class Generator(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.dense = nn.Linear(LATENT, 4 * width * 16)
        self.up0 = nn.ConvTranspose2d(4 * width, 2 * width, 5, 2, 2, output_padding=1)
        self.up1 = nn.ConvTranspose2d(2 * width, width, 5, 2, 2, output_padding=1)
        self.up2 = nn.ConvTranspose2d(width, 1, 5, 2, 2, output_padding=1)

    def forward(self, latents):
        maps = F.relu(self.dense(latents)).view(-1, 4 * self.width, 4, 4)
        maps = F.relu(self.up0(maps)[:, :, :7, :7])
        return torch.tanh(self.up2(F.relu(self.up1(maps))))


class Critic(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 5, 2, 2), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(4 * width * 16, 1, bias=False),
        )

    def forward(self, images):
        return self.body(images).view(-1)


class CriticStep:
    def __init__(self, batch, width):
        torch.manual_seed(1)
        self.generator, self.critic = Generator(width), Critic(width)
        self.adam = torch.optim.Adam(self.critic.parameters(), 1e-4, (0.5, 0.9))
        self.reals = torch.rand(batch, 1, 28, 28) * 2 - 1
        self.latents = torch.randn(batch, LATENT)
        self.mixing = torch.rand(batch, 1, 1, 1)

    def step(self):
        with torch.no_grad():
            fakes = self.generator(self.latents)
        real_scores, fake_scores = self.critic(torch.cat([self.reals, fakes])).chunk(2)
        wasserstein = real_scores.mean() - fake_scores.mean()
        mixed = (self.reals + self.mixing * (fakes - self.reals)).requires_grad_()
        (slopes,) = torch.autograd.grad(self.critic(mixed).sum(), mixed, create_graph=True)
        norms = (slopes.flatten(1).square().sum(1) + 1e-12).sqrt()
        penalty = LAMBDA * (norms - 1).square().mean()
        loss = penalty - wasserstein
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return {"criticLoss": loss.item(), "wasserstein": wasserstein.item(), "penalty": penalty.item()}


def create(size):
    """The step at a size, `full` or `tiny`; its `step()` does one and returns the losses."""
    return CriticStep(*SIZES[size])
