"""What `genal select` needs of a PyTorch classifier, written beside this script.

    pip install torch numpy
    python from_pytorch.py
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.manual_seed(1)
images = torch.randn(300, 12)  # your data set
classes = (images[:, 0] > 0).long() + (images[:, 1] > 0.5).long()
labelled = list(range(0, 300, 15))  # rows that have a label already

body = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Dropout(0.25))
head = nn.Linear(16, 3)
model = nn.Sequential(body, head)
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(100):
    optimiser.zero_grad()
    nn.functional.cross_entropy(model(images[labelled]), classes[labelled]).backward()
    optimiser.step()

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
with torch.no_grad():
    model.eval()
    features = body(images)  # [n, size]
    np.save(out / "features.npy", features.numpy())
    np.save(out / "probabilities.npy", head(features).softmax(1).numpy())  # [n, classes]
    model.train()  # dropout stays on: every pass is another network
    passes = torch.stack([model(images).softmax(1) for _ in range(20)])
    np.save(out / "passes.npy", passes.numpy())  # [models, n, classes]
(out / "labelled.json").write_text(json.dumps(labelled))
