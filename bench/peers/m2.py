"""The M2 step of ../cases/m2.ts in PyTorch: 784-500-50 softplus, binarised pixels, 100 labelled images and 100
unlabelled ones with each of 10 classes. First layers are factorised as ours: `W_x x` once an image."""
import math

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {"full": (784, 10, 500, 50, 100, 100), "tiny": (36, 3, 7, 3, 5, 4)}
ALPHA = 60


class M2:
    def __init__(self, pixels, classes, hidden, latent, labelled, unlabelled):
        self.classes, self.known, self.unknown = classes, labelled, unlabelled
        self.classifier = nn.Sequential(nn.Linear(pixels, hidden), nn.Softplus(), nn.Linear(hidden, classes))
        self.encoder_x = nn.Linear(pixels, hidden)
        self.encoder_y = nn.Parameter(nn.init.xavier_normal_(torch.empty(classes, hidden)))
        self.moments = nn.Linear(hidden, 2 * latent)
        self.decoder_z = nn.Linear(latent, hidden)
        self.decoder_y = nn.Parameter(nn.init.xavier_normal_(torch.empty(classes, hidden)))
        self.logits = nn.Linear(hidden, pixels)
        modules = [self.classifier, self.encoder_x, self.moments, self.decoder_z, self.logits]
        weights = [weight for module in modules for weight in module.parameters()]
        self.adam = torch.optim.Adam([*weights, self.encoder_y, self.decoder_y], lr=3e-4)
        images = labelled + unlabelled
        self.images = 2 * torch.rand(images, pixels) - 1
        self.noise = 2 * torch.rand(images, pixels) - 1
        self.labels = torch.arange(labelled) % classes
        self.latents = torch.randn(labelled + classes * unlabelled, latent)

    def step(self):
        pixels = (self.images > self.noise).float()
        known, unknown = pixels.split([self.known, self.unknown])

        # Pairs: labelled images with their label, then all unlabelled images class by class.
        of_known, of_unknown = self.encoder_x(pixels).split([self.known, self.unknown])
        with_label = of_known + self.encoder_y[self.labels]
        with_every = (of_unknown.unsqueeze(0) + self.encoder_y.unsqueeze(1)).flatten(0, 1)
        mean, log_variance = self.moments(F.softplus(torch.cat([with_label, with_every]))).chunk(2, 1)
        latents = mean + torch.exp(log_variance / 2) * self.latents

        from_latents = self.decoder_z(latents)
        rows = torch.cat([self.decoder_y[self.labels], self.decoder_y.repeat_interleave(self.unknown, 0)])
        logits = self.logits(F.softplus(from_latents + rows))
        targets = torch.cat([known, unknown.repeat(self.classes, 1)])
        reconstruction = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(1)
        divergence = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp(), 1)
        bounds = reconstruction + divergence + math.log(self.classes)

        log_probs = F.log_softmax(self.classifier(pixels), 1)
        log_known, log_unknown = log_probs.split([self.known, self.unknown])
        per_class = bounds[self.known:].view(self.classes, self.unknown).t()
        labelled = bounds[: self.known].mean()
        unlabelled = (log_unknown.exp() * (per_class + log_unknown)).sum(1).mean()
        classification = F.nll_loss(log_known, self.labels)
        loss = labelled + unlabelled + ALPHA * classification
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item(), labelled.item(), unlabelled.item(), classification.item()


def create(size):
    return M2(*SIZES[size])
