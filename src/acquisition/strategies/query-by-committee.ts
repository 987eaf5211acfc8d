/**
 * Query by committee: the candidates on which models trained on the same labels disagree most.
 *
 *     vote-entropy     -sum_k v_k ln v_k              v_k: share of members that predict k
 *     kl-divergence    1/M sum_m KL(p_m || mean p)
 *
 * Source: Seung, Opper and Sompolinsky 1992, "Query by committee"; Dagan and Engelson 1995, "Committee-based sampling for
 * training probabilistic classifiers"; McCallum and Nigam 1998, "Employing EM and pool-based active learning for text
 * classification".
 * Differs: members are trained by the routine of the task model from other initial weights and orders, not drawn from a posterior;
 * Dagan and Engelson divide by `ln min(members, labels)`, which changes no order.
 */
import type { TrainedClassifier } from '../../classifiers/classifier.ts';
import { trainClassifier } from '../../classifiers/train.ts';
import { gatherImages, type ImageShape, type Split } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';
import { entropyOfRows, type MemberProbabilities, votesOfMembers } from '../member-probabilities.ts';
import { poolProbabilities } from '../score-pool.ts';
import { createScored } from '../scored-strategy.ts';
import type { Round, Strategy } from '../strategy.ts';
import { mutualInformation } from './bald.ts';
import type { QueryByCommitteeConfig } from './query-by-committee-config.ts';

/** Entropy of the members' votes, `[n]` in nats, in `[0, ln min(members, classes)]`. */
export function voteEntropies(given: MemberProbabilities): Float64Array {
  const { members, classes } = given;
  return entropyOfRows(
    Float64Array.from(votesOfMembers(given), (votes) => votes / members),
    classes,
  );
}

/**
 * A strategy that trains a committee each round and takes the candidates of highest disagreement; diagnostics of it. What
 * training the members takes counts as scoring.
 *
 * Cost: `members` trainings of the task model and as many passes over the pool. Memory: one member at a time, and
 * `4 members classes` bytes a candidate.
 */
export function createQueryByCommittee({ members, disagreement, bagging }: QueryByCommitteeConfig): Strategy {
  const score = disagreement === 'vote-entropy' ? voteEntropies : mutualInformation;
  return createScored({
    measure: disagreement === 'vote-entropy' ? 'VoteEntropy' : 'Divergence',
    take: 'highest',
    score: async (round) => {
      const { classes } = round.classifier;
      const probs = new Float32Array(round.pool.candidates.length * members * classes);
      for (let member = 0; member < members; member++) {
        const model = await trainMember(round, bagging, round.stream.of('member', member));
        try {
          const own = await poolProbabilities(model, round.pool);
          for (let at = 0; at < own.length; at++) {
            const [row, k] = [Math.floor(at / classes), at % classes];
            probs[(row * members + member) * classes + k] = own[at] as number;
          }
        } finally {
          model.dispose();
        }
      }
      return score({ probs, members, classes });
    },
  });
}

function trainMember(
  { classifier: { config, classes, shape }, labelled }: Round,
  bagging: boolean,
  stream: Stream,
): Promise<TrainedClassifier> {
  const images = bagging ? drawWithReplacement(labelled, shape, stream.of('bag')) : labelled;
  if (config.kind === 'm2') {
    throw new Error('queryByCommittee.round.classifier: expected one that learns from labels alone, got m2');
  }
  return trainClassifier(config, images, {
    shape,
    classes,
    weights: stream.of('weights'),
    order: stream.of('order'),
  });
}

function drawWithReplacement({ images, labels, n }: Split, shape: ImageShape, stream: Stream): Split {
  const rows = Array.from({ length: n }, () => stream.integer(n));
  return {
    images: gatherImages(images, shape, rows),
    labels: Uint8Array.from(rows, (row) => labels[row] as number),
    n,
  };
}
