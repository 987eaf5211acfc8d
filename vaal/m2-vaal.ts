/**
 * M2-VAAL: VAAL with the semi-supervised model M2 in the place of its autoencoder, so that the discriminator sees not only
 * what an image looks like but what class it may be of. The images that it finds least labelled are bought.
 *
 *     M2             minimise its bounds and its classification loss, and `adversary` times -log D(code) of both pools
 *     discriminator  minimise over D   -1/2 log D(code(labelled)) - 1/2 log(1 - D(code(unlabelled)))
 *     select         the `batch` unlabelled images of smallest D(code(x))
 *
 * `m2-vaal-step.ts` says what a code is, and where the parts are from. Memory beside the networks: one batch of images with
 * every class, and one number a candidate.
 */
import type { Strategy } from '../src/acquisition/strategy.ts';
import { asM2 } from '../src/acquisition/task-model/task-model.ts';
import type { M2VaalConfig } from './m2-vaal-config.ts';
import { trainM2Vaal } from './m2-vaal-model.ts';
import { trainTaskM2Vaal } from './m2-vaal-of-task.ts';
import { selectLeastLabelled } from './select-least-labelled.ts';

/**
 * A strategy that trains M2 and the discriminator anew in every round and buys the `batch` candidates of lowest score, ties
 * broken at random: {@link selectLeastLabelled}.
 */
export function createM2Vaal(options: M2VaalConfig): Strategy {
  const { heldOut, tolerance, m2 } = options;
  return {
    select: async (round) => {
      if (options.model === 'own') {
        return selectLeastLabelled(round, { heldOut, tolerance, latentSize: m2.latentSize }, (images) =>
          trainM2Vaal(options, images, round.pool.classes, round.stream),
        );
      }
      const task = asM2(round.classifier);
      if (task === undefined) {
        throw new Error(`m2Vaal.round.classifier: expected m2, got ${round.classifier.config.kind}`);
      }
      return selectLeastLabelled(round, { heldOut, tolerance, latentSize: task.m2.latentSize }, (images) =>
        trainTaskM2Vaal(options, task, images, round.stream),
      );
    },
  };
}
