/**
 * `npm run bench -- steps`: how fast each step of work runs, as a share of the backend's own matrix product and, with
 * a peer, as a ratio to what the peer takes for the same step.
 *
 * Rounds of matrix products, of our steps and of the peer's take turns, so that all see the same machine; the one
 * waits while the other works. Medians are reported, with the quartiles as spread.
 */
import { measureMatmulRate } from '../src/backend/matmul-rate.ts';
import { rootStream } from '../src/random.ts';
import type { CaseSize, RunningCase, StepCase } from './cases/case.ts';
import type { Peer } from './peer.ts';
import { quartiles, timeSteps } from './timing.ts';

export interface StepTiming {
  readonly step: string;
  readonly what: string;
  /** Of one step: median, and the quartiles. */
  readonly ms: number;
  readonly spread: readonly [low: number, high: number];
  /** Useful operations a step, in 10^9. */
  readonly gflop: number;
  readonly gflops: number;
  /** `gflops` over the median rate of a 1024 x 1024 product in the same run. */
  readonly shareOfMatmul: number;
  readonly peer?: PeerTiming;
}

export interface PeerTiming {
  /** Of one step of the peer's: median. */
  readonly ms: number;
  /** Our time over the peer's: the median of the rounds' ratios, and the quartiles. Below 1 we are faster. */
  readonly ratio: number;
  readonly spread: readonly [low: number, high: number];
}

export interface CaseOptions {
  readonly size: CaseSize;
  readonly rounds: number;
  readonly peer?: Peer | undefined;
}

/** One case, or several put together. */
export interface StepsResult {
  readonly matmulGflops: number;
  readonly steps: readonly StepTiming[];
}

/** A round lasts about this long, so that a short step is repeated in it. */
const ROUND_MS = 200;
const MOST_REPEATS = 50;

/** Times a case on the backend chosen before. */
export async function benchCase(stepCase: StepCase, options: CaseOptions): Promise<StepsResult> {
  const running = stepCase.create(options.size, rootStream(1).of('bench', stepCase.name));
  try {
    return await measureCase(stepCase, running, options);
  } finally {
    running.dispose();
  }
}

async function measureCase(
  stepCase: StepCase,
  running: RunningCase,
  { size, rounds, peer }: CaseOptions,
): Promise<StepsResult> {
  const { name } = stepCase;
  await timeSteps(running.step, 1);
  const warm = await timeSteps(running.step, 1);
  const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(ROUND_MS / warm)));
  const peerWarm = await peer?.measure({ case: name, size, steps: 2 });
  const peerRepeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(ROUND_MS / (peerWarm ?? ROUND_MS))));
  const [rates, ours, theirs]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    rates.push(await measureMatmulRate(9));
    ours.push(await timeSteps(running.step, repeats));
    if (peer) theirs.push(await peer.measure({ case: name, size, steps: peerRepeats }));
  }
  const matmulGflops = quartiles(rates).median;
  const { median: ms, low, high } = quartiles(ours);
  const { gflop } = running;
  const gflops = gflop / (ms / 1e3);
  const timing: StepTiming = {
    step: name,
    what: stepCase.describe(size),
    ms,
    spread: [low, high],
    gflop,
    gflops,
    shareOfMatmul: gflops / matmulGflops,
    ...(peer && { peer: peerTiming(ours, theirs) }),
  };
  return { matmulGflops, steps: [timing] };
}

function peerTiming(ours: readonly number[], theirs: readonly number[]): PeerTiming {
  const ratios = quartiles(ours.map((ms, round) => ms / (theirs[round] as number)));
  return {
    ms: quartiles(theirs).median,
    ratio: ratios.median,
    spread: [ratios.low, ratios.high],
  };
}
