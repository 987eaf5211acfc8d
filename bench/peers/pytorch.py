"""The peer `--peer pytorch`: the same steps in PyTorch eager, float32. See ../peer.ts for the protocol.

    python3 bench/peers/pytorch.py --threads 2 [--device cuda]

Each case is a module beside this one with a function `create(size, device)` whose result has `step()`, which ends
by reading its losses, as ours does.
"""
import argparse
import importlib
import json
import os
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--device", default=None, help="cpu, or cuda where there is one; cuda if there is one")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402  after the threads are set

MODULES = {
    "dcgan-28": ("dcgan", "28"),
    "dcgan-28-512": ("dcgan", "28-512"),
    "dcgan-32": ("dcgan", "32"),
    "dcgan-32-512": ("dcgan", "32-512"),
    "wgan-gp-critic": ("wgan_gp", None),
    "vae-500-50": ("vae", None),
    "m2-500-50": ("m2", None),
    "latent-search": ("latent_search", None),
    "classifier": ("lenet", "training"),
    "pool-scoring": ("lenet", "scoring"),
}


def answer(reply):
    print(json.dumps(reply), flush=True)


def create(name, size):
    module, variant = MODULES[name]
    torch.manual_seed(1)
    words = (size,) if variant is None else (size, variant)
    return importlib.import_module(module).create(*words)


def measure(case, steps):
    start = time.perf_counter()
    for _ in range(steps):
        case.step()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1000 / steps


torch.set_num_threads(options.threads)
device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
torch.set_default_device(device)
title = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
answer({"name": f"PyTorch {torch.__version__}, eager, {title}"})
current, name = None, None
for line in sys.stdin:
    request = json.loads(line)
    try:
        if request["case"] != name:
            current = create(request["case"], request["size"])
            name = request["case"]
        answer({"ms": measure(current, request["steps"])})
    except Exception as error:
        answer({"error": repr(error)})
