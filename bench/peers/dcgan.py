"""One DCGAN training step, as pytorch/examples writes it: 5 x 5 kernels, stride 2."""
import torch
import torch.nn.functional as F
from torch import nn

SIZES = {
    "28": ((28, 28, 1), [128, 64], 64),
    "28-512": ((28, 28, 1), [128, 64], 512),
    "32": ((32, 32, 3), [256, 128, 64], 64),
    "32-512": ((32, 32, 3), [256, 128, 64], 512),
}
LATENT = 100


class Generator(nn.Module):
    def __init__(self, shape, channels):
        super().__init__()
        self.side = shape[0] // 2 ** len(channels)
        self.first = channels[0]
        self.dense = nn.Linear(LATENT, self.side**2 * channels[0], bias=False)
        layers = []
        for count, following in zip(channels, channels[1:] + [shape[2]]):
            layers += [nn.BatchNorm2d(count), nn.ReLU(True)]
            last = following == shape[2]
            layers += [nn.ConvTranspose2d(count, following, 5, 2, 2, output_padding=1, bias=last)]
        self.main = nn.Sequential(*layers, nn.Tanh())

    def forward(self, latents):
        return self.main(self.dense(latents).view(-1, self.first, self.side, self.side))


class Discriminator(nn.Module):
    def __init__(self, shape, channels):
        super().__init__()
        side = shape[0] // 2 ** len(channels)
        layers, before = [], shape[2]
        for level, count in enumerate(reversed(channels)):
            layers += [nn.Conv2d(before, count, 5, 2, 2, bias=False)]
            layers += [nn.BatchNorm2d(count)] if level > 0 else []
            layers += [nn.LeakyReLU(0.2, True)]
            before = count
        self.main = nn.Sequential(*layers, nn.Flatten(), nn.Linear(side**2 * channels[0], 1))

    def forward(self, images):
        return self.main(images).view(-1)


class Step:
    def __init__(self, shape, channels, batch):
        self.generator, self.discriminator = Generator(shape, channels), Discriminator(shape, channels)
        self.adam_g = torch.optim.Adam(self.generator.parameters(), 2e-4, (0.5, 0.999))
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), 2e-4, (0.5, 0.999))
        self.reals = torch.rand(batch, shape[2], shape[0], shape[1])
        self.latents = torch.randn(batch, LATENT)
        self.ones, self.zeros = torch.ones(batch), torch.zeros(batch)

    def step(self):
        fakes = self.generator(self.latents)
        self.adam_d.zero_grad()
        real_loss = F.binary_cross_entropy_with_logits(self.discriminator(self.reals), self.ones)
        fake_loss = F.binary_cross_entropy_with_logits(self.discriminator(fakes.detach()), self.zeros)
        d_loss = real_loss + fake_loss
        d_loss.backward()
        self.adam_d.step()
        self.adam_g.zero_grad()
        # No gradients of the discriminator's weights: it stays as it is.
        self.discriminator.requires_grad_(False)
        g_loss = F.binary_cross_entropy_with_logits(self.discriminator(fakes), self.ones)
        g_loss.backward()
        self.discriminator.requires_grad_(True)
        self.adam_g.step()
        return d_loss.item(), g_loss.item()


def create(size, variant):
    shape, channels, batch = SIZES[variant] if size == "full" else ((8, 8, 1), [4, 3], 6)
    return Step(shape, channels, batch)
