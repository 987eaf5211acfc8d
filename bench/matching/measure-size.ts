/**
 * Everything that is measured on a pool of one size.
 *
 * Rounds take turns: in each, every index, every engine of the peer, a round of ASAL with every index and now and then the
 * scoring of the whole pool, so that all see the same machine. Medians are reported, with the quartiles as spread.
 */
import type { IndexConfig } from '../../matching/indexes/config.ts';
import { recallOnQueries } from '../../matching/indexes/recall.ts';
import type { Vectors } from '../../matching/indexes/vector-index.ts';
import type { Stream } from '../../src/random.ts';
import { type Quartiles, quartiles } from '../timing.ts';
import { type RoundTimes, takeRound, timeScoring } from './asal-round.ts';
import { type BuiltIndex, buildTimed } from './built-index.ts';
import { reckonedBytes } from './index-memory.ts';
import { type Neighbourhood, neighbourhoodOf } from './neighbourhood.ts';
import type { PeerEngine, PythonPeer } from './python-peer.ts';
import { K, type QueryTimes, timeQueries } from './query-times.ts';
import type { Setup } from './setup.ts';
import { drawPool } from './smoothed-bootstrap.ts';
import { type SweepPoint, sweepIndex } from './sweep.ts';

/** Queries of a recall. */
export const RECALL_QUERIES = 500;
/** Of this many rounds one scores a pool that is larger than the real one: each takes minutes. */
const SCORING_EVERY = 4;
/** A larger pool is not scored: a quarter of an hour at 10^7, and ten times as much as at 10^6. */
const LARGEST_SCORED = 1e6;
/** Queries of a pool's neighbourhood. */
const SAMPLE = 500;

export interface IndexReport {
  readonly config: IndexConfig;
  readonly buildMs: number;
  /** By the index's layout, and by how much the process grew. */
  readonly bytes: { readonly reckoned: number; readonly measured: number };
  /** At 10. */
  readonly recall: number;
  /** Milliseconds a query, fifty at once and one by one. */
  readonly batchMs: Quartiles;
  readonly singleMs: Quartiles;
  /** Milliseconds of ASAL's round and its parts. */
  readonly round: Readonly<Record<keyof RoundTimes, Quartiles>>;
}

export interface PeerReport {
  readonly engine: string;
  readonly beside: IndexConfig['kind'];
  readonly threads: number;
  readonly buildMs: number;
  readonly bytes: number;
  readonly ef: number | null;
  readonly recall: number;
  readonly batchMs: Quartiles;
  readonly singleMs: Quartiles;
  /** Our time over the peer's, round by round. Below 1 we are faster. */
  readonly batchRatio: Quartiles;
  readonly singleRatio: Quartiles;
}

export interface SizeReport {
  readonly n: number;
  readonly neighbourhood: Neighbourhood;
  readonly indexes: readonly IndexReport[];
  /** Milliseconds in which the task model scores as many images; null for more than a million. */
  readonly scoringMs: Quartiles | null;
  readonly peers: readonly PeerReport[];
  readonly sweep: readonly SweepPoint[];
}

export interface SizeOptions {
  /** The first is the exact one. */
  readonly configs: readonly IndexConfig[];
  readonly rounds: number;
  readonly isSwept: boolean;
  readonly peer: PythonPeer | undefined;
  readonly stream: Stream;
  readonly say: (line: string) => void;
}

export async function measureSize(setup: Setup, n: number, options: SizeOptions): Promise<SizeReport> {
  const { configs, peer, stream, say } = options;
  const { queries } = setup;
  say(`${n} vectors`);
  const vectors = drawPool(setup.bootstrap, n, stream.of('pool'));
  const neighbourhood = await neighbourhoodOf(vectors, stream.of('check'), SAMPLE);
  const built: BuiltIndex[] = [];
  try {
    for (const config of configs) {
      say(`${n}: building ${config.kind}`);
      built.push(await buildTimed(config, vectors, stream.of('index')));
    }
    const [exact] = built as [BuiltIndex];
    const asked = queries.values.subarray(0, Math.min(RECALL_QUERIES * queries.size, queries.values.length));
    const recalls: number[] = [];
    for (const { index } of built) {
      recalls.push((await recallOnQueries(index, exact.index, asked, K)).recall);
    }
    const sweep: SweepPoint[] = [];
    if (options.isSwept) {
      say(`${n}: the sweep`);
      for (const each of built.slice(1))
        sweep.push(...(await sweepIndex(each, exact.index, vectors, queries)));
    }
    if (peer) say(`${n}: building the peer's`);
    const engines = (await peer?.build(await peerPool(vectors, queries, asked, built, recalls))) ?? [];
    const times = await takeTurns(setup, n, built, engines, options);
    return {
      n,
      neighbourhood,
      indexes: built.map(({ config, buildMs, measuredBytes }, at) => ({
        config,
        buildMs,
        bytes: { reckoned: reckonedBytes(config, n, vectors.size), measured: measuredBytes },
        recall: recalls[at] as number,
        ...spreads(times.ours[at] as QueryTimes[]),
        round: roundSpreads(times.rounds[at] as RoundTimes[]),
      })),
      scoringMs: times.scoring.length > 0 ? quartiles(times.scoring) : null,
      peers: engines.map((engine, at) => peerReport(engine, times.theirs[at] as QueryTimes[], built, times)),
      sweep,
    };
  } finally {
    for (const { match } of built) match.dispose();
  }
}

interface Turns {
  /** A list an index. */
  readonly ours: readonly QueryTimes[][];
  readonly rounds: readonly RoundTimes[][];
  /** A list an engine. */
  readonly theirs: readonly QueryTimes[][];
  readonly scoring: readonly number[];
}

async function takeTurns(
  setup: Setup,
  n: number,
  built: readonly BuiltIndex[],
  engines: readonly PeerEngine[],
  { rounds, stream, say }: SizeOptions,
): Promise<Turns> {
  const { queries, classifier, dataset } = setup;
  const turns = {
    ours: built.map((): QueryTimes[] => []),
    rounds: built.map((): RoundTimes[] => []),
    theirs: engines.map((): QueryTimes[] => []),
    scoring: [] as number[],
  };
  const every = n > dataset.train.n ? SCORING_EVERY : 1;
  await timeScoring(classifier, dataset.train, 128);
  // Round -1 warms up and is not counted.
  for (let round = -1; round < rounds; round++) {
    say(round < 0 ? `${n}: warming up` : `${n}: round ${round + 1} of ${rounds}`);
    const turn = Math.max(0, round);
    for (const [at, { index, match, pool }] of built.entries()) {
      const times = await timeQueries((rows) => index.search(rows, K), queries, turn);
      const taken = await takeRound(setup, pool, match, stream.of('round', round));
      if (round < 0) continue;
      turns.ours[at]?.push(times);
      turns.rounds[at]?.push(taken);
    }
    for (const [at, engine] of engines.entries()) {
      const times = await engine.time(turn);
      if (round >= 0) turns.theirs[at]?.push(times);
    }
    if (n <= LARGEST_SCORED && round >= 0 && round % every === 0) {
      turns.scoring.push(await timeScoring(classifier, dataset.train, n));
    }
  }
  return turns;
}

async function peerPool(
  vectors: Vectors,
  queries: Vectors,
  asked: Float32Array,
  built: readonly BuiltIndex[],
  recalls: readonly number[],
) {
  const [exact] = built as [BuiltIndex];
  const truth = await exact.index.search(asked, K);
  const farthest = truth.squaredDistances.filter((_, at) => at % K === K - 1);
  const at = built.findIndex(({ config }) => config.kind === 'hnsw');
  const config = built[at]?.config;
  const { m, efConstruction } = config?.kind === 'hnsw' ? config : { m: 16, efConstruction: 200 };
  return { vectors, queries, farthest, hnsw: { m, efConstruction }, recall: recalls[at] ?? null };
}

function peerReport(
  { time: _, name, ...engine }: PeerEngine,
  theirs: readonly QueryTimes[],
  built: readonly BuiltIndex[],
  { ours }: Turns,
): PeerReport {
  const beside = built.findIndex(({ config }) => config.kind === engine.beside);
  const own = ours[beside] as readonly QueryTimes[];
  const ratio = (part: keyof QueryTimes) =>
    quartiles(own.map((times, round) => times[part] / (theirs[round] as QueryTimes)[part]));
  return {
    engine: name,
    ...engine,
    ...spreads(theirs),
    batchRatio: ratio('batchMs'),
    singleRatio: ratio('singleMs'),
  };
}

function spreads(times: readonly QueryTimes[]) {
  return {
    batchMs: quartiles(times.map(({ batchMs }) => batchMs)),
    singleMs: quartiles(times.map(({ singleMs }) => singleMs)),
  };
}

function roundSpreads(rounds: readonly RoundTimes[]): IndexReport['round'] {
  const of = (part: keyof RoundTimes) => quartiles(rounds.map((times) => times[part]));
  return {
    searchMs: of('searchMs'),
    featuresMs: of('featuresMs'),
    matchMs: of('matchMs'),
    totalMs: of('totalMs'),
  };
}
