/** The loop of one strategy and seed with an oracle that tells the truth, and all it hands out. */
import { type LoopOptions, type RoundQueries, runLoop } from '../../src/acquisition/loop.ts';
import { Oracle } from '../../src/acquisition/oracle.ts';
import type { RoundRecord, TimingRecord } from '../../src/acquisition/round-record.ts';
import { rootStream } from '../../src/random.ts';

type Needed = 'dataset' | 'strategy' | 'strategyName' | 'classifier' | 'initial' | 'batch' | 'rounds';

export interface RecordedLoop {
  /** Those that were finished before, and the new ones. */
  readonly records: RoundRecord[];
  /** Of the new ones. */
  readonly timings: TimingRecord[];
  readonly queries: RoundQueries[];
}

/** Runs it; nothing is finished and nothing can be replayed unless `set` says otherwise. */
export async function recordLoop(
  set: Pick<LoopOptions, Needed> & Partial<LoopOptions>,
): Promise<RecordedLoop> {
  const { dataset, root = rootStream(1), finished = [] } = set;
  const recorded: RecordedLoop = { records: [...finished], timings: [], queries: [] };
  await runLoop({
    oracle: new Oracle({
      truth: dataset.train.labels,
      classes: dataset.classNames.length,
      noise: 0,
      minConfidence: 0,
      stream: root.of('oracle'),
    }),
    chargeAbstentions: true,
    root,
    finished,
    replayImages: async () => {
      throw new Error('nothing to replay');
    },
    onQueries: async (asked) => void recorded.queries.push(asked),
    onRound: async (record, timing) => {
      recorded.records.push(record);
      recorded.timings.push(timing);
    },
    ...set,
  });
  return recorded;
}
