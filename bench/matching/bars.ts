/** What matching is held to, and whether a run shows it. */
import type { IndexConfig } from '../../matching/indexes/config.ts';
import { fitExponent } from './exponent.ts';
import type { PeerReport, SizeReport } from './measure-size.ts';
import type { PcaReport } from './pca-fit.ts';

export interface Bar {
  readonly what: string;
  readonly bound: string;
  /** What was measured; null if the run did not measure it. */
  readonly value: number | null;
  /** Null if it was not measured. */
  readonly isMet: boolean | null;
}

/** Growth of several times over all sizes of a run. */
export interface Exponents {
  /** Of a query of fifty at once, by index. */
  readonly query: Readonly<Partial<Record<IndexConfig['kind'], number | null>>>;
  /** Of ASAL's round, by index. */
  readonly round: Readonly<Partial<Record<IndexConfig['kind'], number | null>>>;
  readonly scoring: number | null;
}

export function exponentsOf(sizes: readonly SizeReport[]): Exponents {
  const kinds = [...new Set(sizes.flatMap(({ indexes }) => indexes.map(({ config }) => config.kind)))];
  const of = (kind: IndexConfig['kind'], part: 'batchMs' | 'round') =>
    fitExponent(
      sizes.flatMap(({ n, indexes }) =>
        indexes
          .filter(({ config }) => config.kind === kind)
          .map((index) => ({ n, ms: (part === 'round' ? index.round.totalMs : index.batchMs).median })),
      ),
    );
  return {
    query: Object.fromEntries(kinds.map((kind) => [kind, of(kind, 'batchMs')])),
    round: Object.fromEntries(kinds.map((kind) => [kind, of(kind, 'round')])),
    scoring: fitExponent(
      sizes.flatMap(({ n, scoringMs }) => (scoringMs === null ? [] : [{ n, ms: scoringMs.median }])),
    ),
  };
}

/** The bars, in order; those of the peer only with one. */
export function barsOf(sizes: readonly SizeReport[], pca: PcaReport): Bar[] {
  const exponents = exponentsOf(sizes);
  const largest = sizes.at(-1);
  const of = (kind: IndexConfig['kind']) => largest?.indexes.find(({ config }) => config.kind === kind);
  const [exact, hnsw] = [of('exact'), of('hnsw')];
  const at = `at ${largest?.n.toLocaleString('en')}`;
  const peer = (engine: string) => largest?.peers.find((report) => report.engine === engine);
  const ratio = (name: string, engine: string, most: number): Bar[] => {
    const report: PeerReport | undefined = peer(engine);
    return report
      ? [atMost(`${name} / ${engine}, 50 queries at once, ${at}`, report.batchRatio.median, most)]
      : [];
  };
  return [
    atMost("exponent of ASAL's round with hnsw", exponents.round.hnsw, 0.2),
    atMost("exponent of ASAL's round with lsh-forest", exponents.round['lsh-forest'], 0.2),
    atLeast('exponent of scoring the pool', exponents.scoring, 0.9),
    atLeast(`recall@10 of hnsw ${at}`, hnsw?.recall, 0.95),
    atLeast(
      `exact / hnsw, 50 queries at once, ${at}`,
      exact && hnsw && exact.batchMs.median / hnsw.batchMs.median,
      20,
    ),
    atLeast(
      `exact / hnsw, single queries, ${at}`,
      exact && hnsw && exact.singleMs.median / hnsw.singleMs.median,
      20,
    ),
    ...ratio('hnsw', 'hnswlib', 1.3),
    ...ratio('exact', 'FAISS FlatL2', 2),
    ...(pca.peer ? [atMost('fitting PCA / scikit-learn randomized_svd', pca.peer.svdRatio.median, 1.5)] : []),
  ];
}

function atMost(what: string, value: number | null | undefined, bound: number): Bar {
  return { what, bound: `<= ${bound}`, value: value ?? null, isMet: value == null ? null : value <= bound };
}

function atLeast(what: string, value: number | null | undefined, bound: number): Bar {
  return { what, bound: `>= ${bound}`, value: value ?? null, isMet: value == null ? null : value >= bound };
}
