"""PyTorch's side of `npm run bench -- selection`: greedy k-centres and BADGE, float32. See ../selection/side.ts for the protocol.

    python3 bench/peers/selection.py --threads 2
"""
import argparse
import json
import os
import resource
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, required=True)
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402  after the threads are set

BLOCK = 4096


def core_set(pool, batch):
    """Distances to the labelled rows in blocks, then one product of all rows with the new centre a pick."""
    features, labelled = pool["features"], pool["labelled"]
    candidates, centres = features[labelled:], features[:labelled]
    norms = (candidates**2).sum(1)
    nearest = torch.full((len(candidates),), float("inf"))
    for start in range(0, len(candidates) if labelled else 0, BLOCK):
        nearest[start : start + BLOCK] = torch.cdist(candidates[start : start + BLOCK], centres).min(1).values ** 2
    picks = []
    for _ in range(batch):
        row = int(nearest.argmax())
        picks.append(row + labelled)
        squared = (norms + norms[row] - 2 * (candidates @ candidates[row])).clamp_(min=0)
        torch.minimum(nearest, squared, out=nearest)
        nearest[row] = -float("inf")
    return picks


def badge(pool, batch):
    """k-means++ on gradients as outer products, after the authors' code."""
    features, residuals = pool["features"], pool["probabilities"].clone()
    rows = torch.arange(len(features))
    residuals[rows, residuals.argmax(1)] -= 1
    norms = (features**2).sum(1) * (residuals**2).sum(1)
    picks = [int(norms.argmax())]
    nearest = torch.full((len(features),), float("inf"))
    while len(picks) < batch:
        last = picks[-1]
        product = (features @ features[last]) * (residuals @ residuals[last])
        squared = (norms + norms[last] - 2 * product).clamp_(min=0)
        torch.minimum(nearest, squared, out=nearest)
        nearest[last] = 0
        picks.append(int(torch.multinomial(nearest, 1)))
    return picks


STRATEGIES = {"core-set": core_set, "badge": badge}
pool = {}


def load(case, files):
    def table(name, columns):
        count = case["rows"] * columns
        return torch.from_file(files[name], size=count, dtype=torch.float32).reshape(case["rows"], columns).clone()

    pool.update(
        features=table("features", case["size"]),
        probabilities=table("probabilities", case["classes"]),
        labelled=case["labelled"],
    )
    return {}


def pick(strategy, batch, seed):
    torch.manual_seed(seed)
    start = time.perf_counter()
    rows = STRATEGIES[strategy](pool, batch)
    ms = (time.perf_counter() - start) * 1000
    return {"ms": ms, "rows": rows, "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def answer(reply):
    print(json.dumps(reply), flush=True)


torch.set_num_threads(options.threads)
answer({"name": f"PyTorch {torch.__version__}, CPU, {torch.get_num_threads()} threads"})
ACTIONS = {"load": load, "pick": pick}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer(ACTIONS[request.pop("do")](**request))
    except Exception as error:
        answer({"error": repr(error)})
