/**
 * Buys from a stream: unlabelled images arrive one by one, in an order that all stream strategies of a seed share, and each
 * is bought or passed over at once, without a look at later ones. After `batch` purchases the task model is trained anew,
 * and the stream goes on where it stopped.
 *
 *     certainty c(x)    least-confidence  max_k p_k(x)                    in [1 / classes, 1]
 *                       margin            p_(1)(x) - p_(2)(x)             in [0, 1]
 *                       entropy           1 - H(p(x)) / ln classes        in [0, 1]
 *                       random            uniform                         in [0, 1)
 *
 * Source: Zliobaite, Bifet, Pfahringer and Holmes 2014; see `stream-budget.ts`.
 * Differs: the model learns after every `batch` purchases and from nothing between, where theirs learns from each; they have
 * least confidence and chance alone. A stream that ends before the batch is full is completed at random from the images
 * that were passed over, because every strategy of an experiment buys as many.
 */
import { entropies, margins, probabilities, scoreImages } from '../../classifiers/predict.ts';
import type { PoolIndex } from '../../shapes.ts';
import type { Round, Strategy } from '../strategy.ts';
import { StreamBudget, type StreamBudgetState } from '../stream-budget.ts';
import { leastConfidences } from './least-confidence.ts';
import type { StreamConfig } from './stream-config.ts';

/** Images scored at once; what is decided about one does not depend on it. */
const BLOCK = 128;

/**
 * A strategy that buys `batch` images from where the stream stopped in the round before.
 *
 * Diagnostics: `streamPosition`, how many of all rows have come so far, initial ones included; `streamThreshold`;
 * `streamSpending`, the estimated share bought of the last arrivals; `streamPassed`, images of this round passed over;
 * `streamFilled`, images taken at random because the stream had ended; `meanCertaintyArrived` and `meanCertaintyBought`, of
 * this round's arrivals and of those bought, null where there are none.
 */
export function createStream(config: StreamConfig): Strategy {
  return { select: (round) => selectFrom(round, config) };
}

async function selectFrom(round: Round, config: StreamConfig) {
  const { batch, pool, memory, stream } = round;
  if (round.arrivals === undefined) {
    throw new Error('stream.round.arrivals: expected the order of the stream, got none');
  }
  const order = round.arrivals();
  const unlabelled = new Set(pool.candidates);
  const budget = new StreamBudget(config, stateFrom(memory, config, pool.classes));
  const bought: PoolIndex[] = [];
  const certainties = { arrived: [] as number[], bought: [] as number[] };
  let position = memory?.position ?? 0;
  while (bought.length < batch && position < order.length) {
    const block = order.slice(position, position + BLOCK);
    const arriving = block.filter((row) => unlabelled.has(row));
    const certainty = await certaintyOf(arriving, round, config.score);
    let next = 0;
    for (const row of block) {
      if (bought.length === batch) break;
      position++;
      // Rows labelled before the stream began do not arrive.
      if (!unlabelled.has(row)) continue;
      const draw = stream.of('arrival', row);
      const sure = certainty?.[next] ?? draw.uniform();
      next++;
      certainties.arrived.push(sure);
      if (!budget.decide(sure, () => draw.uniform())) continue;
      bought.push(row);
      certainties.bought.push(sure);
    }
  }
  const taken = new Set(bought);
  const filled = stream.of('fill').choose(
    pool.candidates.filter((row) => !taken.has(row)),
    batch - bought.length,
  );
  const { threshold, spent } = budget.state;
  return {
    kind: 'pool' as const,
    rows: [...bought, ...filled],
    diagnostics: {
      streamPosition: position,
      streamThreshold: threshold,
      streamSpending: spent / config.window,
      streamPassed: certainties.arrived.length - bought.length,
      streamFilled: filled.length,
      meanCertaintyArrived: mean(certainties.arrived),
      meanCertaintyBought: mean(certainties.bought),
    },
    memory: { position, threshold, spent },
  };
}

/** `[rows]`; undefined for `random`, which asks no model. */
async function certaintyOf(
  rows: readonly PoolIndex[],
  { classifier, pool }: Round,
  score: StreamConfig['score'],
): Promise<ArrayLike<number> | undefined> {
  if (score === 'random' || rows.length === 0) return undefined;
  const { classes } = classifier;
  const probs = probabilities(await scoreImages(classifier, pool.bytes(rows)), classes);
  if (score === 'margin') return margins(probs, classes);
  if (score === 'least-confidence') return leastConfidences(probs, classes).map((doubt) => 1 - doubt);
  return Float64Array.from(entropies(probs, classes), (entropy) => 1 - entropy / Math.log(classes));
}

function stateFrom(
  memory: Round['memory'],
  { manager, score, budget, threshold }: StreamConfig,
  classes: number,
): StreamBudgetState {
  const lowest = score === 'least-confidence' ? 1 / classes : 0;
  const first = threshold ?? (manager === 'fixed' ? lowest + budget * (1 - lowest) : 1);
  return { threshold: memory?.threshold ?? first, spent: memory?.spent ?? 0 };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
