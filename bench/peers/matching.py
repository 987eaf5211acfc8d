"""The peer of `npm run bench -- matching --peer python`: the same pools in hnswlib, FAISS and scikit-learn, as far as this
interpreter has them. See ../matching/python-peer.ts for the protocol.

    python3 bench/peers/matching.py --threads 2
"""
import argparse
import json
import os
import sys
import time
from importlib import metadata

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, required=True, help="to build, and to search with what has no graph")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import numpy as np  # noqa: E402  after the threads are set

try:
    import hnswlib
except ImportError:
    hnswlib = None
try:
    import faiss
except ImportError:
    faiss = None
try:
    import sklearn
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestNeighbors
    from sklearn.utils.extmath import randomized_svd
except ImportError:
    sklearn = None


class Hnswlib:
    threads = 1

    def __init__(self, vectors, m, ef_construction):
        self.index = hnswlib.Index(space="l2", dim=vectors.shape[1])
        self.index.init_index(len(vectors), ef_construction=ef_construction, M=m, random_seed=1)
        self.index.set_num_threads(options.threads)
        self.index.add_items(vectors)
        self.index.set_num_threads(self.threads)

    def set_ef(self, ef):
        self.index.set_ef(ef)

    def search(self, queries, k):
        return self.index.knn_query(queries, k)[0]


class FaissHnsw:
    threads = 1

    def __init__(self, vectors, m, ef_construction):
        faiss.omp_set_num_threads(options.threads)
        self.index = faiss.IndexHNSWFlat(vectors.shape[1], m)
        self.index.hnsw.efConstruction = ef_construction
        self.index.add(vectors)

    def set_ef(self, ef):
        self.index.hnsw.efSearch = ef

    def search(self, queries, k):
        faiss.omp_set_num_threads(self.threads)
        return self.index.search(queries, k)[1]


class FaissFlat:
    threads = options.threads

    def __init__(self, vectors, m, ef_construction):
        self.index = faiss.IndexFlatL2(vectors.shape[1])
        self.index.add(vectors)

    def search(self, queries, k):
        faiss.omp_set_num_threads(self.threads)
        return self.index.search(queries, k)[1]


class ScikitBrute:
    threads = options.threads

    def __init__(self, vectors, m, ef_construction):
        self.index = NearestNeighbors(algorithm="brute").fit(vectors)

    def search(self, queries, k):
        return self.index.kneighbors(queries, k, return_distance=False)


ENGINES = {}
if hnswlib:
    ENGINES["hnswlib"] = Hnswlib
if faiss:
    ENGINES["FAISS HNSWFlat"] = FaissHnsw
    ENGINES["FAISS FlatL2"] = FaissFlat
if sklearn:
    ENGINES["scikit-learn brute"] = ScikitBrute

pool, queries, nearest = None, None, None
engines = {}


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def milliseconds(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def load(vectors, asked, truth):
    global pool, queries, nearest
    engines.clear()
    pool, queries, nearest = np.load(vectors), np.load(asked), np.load(truth)
    return {}


def build(engine, m, efConstruction):
    before = resident()

    def make():
        engines[engine] = ENGINES[engine](pool, m, efConstruction)

    ms = milliseconds(make)
    return {"ms": ms, "bytes": resident() - before, "threads": ENGINES[engine].threads}


def recall_of(engine, k):
    """Of the k found, the share no farther than the true k-th, which `nearest` holds, distances squared in float64."""
    asked = queries[: len(nearest)]
    rows = engines[engine].search(asked, k)
    gaps = pool[rows].astype(np.float64) - asked[:, None].astype(np.float64)
    # Sums in another order than ours differ in the last bits.
    return float(np.mean(np.sum(gaps**2, -1) <= nearest[:, None] * (1 + 1e-9)))


def tune(engine, k, recall):
    """The least list of candidates whose recall is no lower than the one given; engines without one are left alone."""
    if not hasattr(engines[engine], "set_ef"):
        return {"ef": None, "recall": recall_of(engine, k)}
    low, high = k, 4096
    while low < high:
        middle = (low + high) // 2
        engines[engine].set_ef(middle)
        if recall_of(engine, k) >= recall:
            high = middle
        else:
            low = middle + 1
    engines[engine].set_ef(low)
    return {"ef": low, "recall": recall_of(engine, k)}


def search(engine, k, first, count, singles):
    index = engines[engine]
    batch = milliseconds(lambda: index.search(queries[first : first + count], k))

    def one_by_one():
        for at in range(first, first + singles):
            index.search(queries[at : at + 1], k)

    return {"batchMs": batch / count, "singleMs": milliseconds(one_by_one) / singles}


def pca(images, components, passes, spare):
    """Of float32 pixels, centring included: what fitting takes a user who has the matrix."""
    global pixels
    if pixels is None:
        pixels = np.load(images).astype(np.float32) / 127.5 - 1
    found = {}

    def svd():
        _, values, found["rows"] = randomized_svd(
            pixels - pixels.mean(0), components, n_oversamples=spare, n_iter=passes, random_state=1
        )
        found["variance"] = float(np.sum(values.astype(np.float64) ** 2)) / (len(pixels) - 1)

    def fit():
        found["fit"] = PCA(components, svd_solver="randomized", random_state=1).fit(pixels)

    svd_ms, fit_ms = milliseconds(svd), milliseconds(fit)
    fit_variance = float(found["fit"].explained_variance_.sum())
    return {"svdMs": svd_ms, "svdVariance": found["variance"], "fitMs": fit_ms, "fitVariance": fit_variance}


pixels = None
versions = [("hnswlib", hnswlib and metadata.version("hnswlib"))]
versions += [("FAISS", getattr(faiss, "__version__", None)), ("scikit-learn", getattr(sklearn, "__version__", None))]
names = [f"{name} {version}" for name, version in versions if version] + [f"NumPy {np.__version__}"]


def answer(reply):
    print(json.dumps(reply), flush=True)


answer({"name": ", ".join(names), "engines": list(ENGINES), "pca": sklearn is not None})
ACTIONS = {"load": load, "build": build, "tune": tune, "search": search, "pca": pca}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer(ACTIONS[request.pop("do")](**request))
    except Exception as error:
        answer({"error": repr(error)})
