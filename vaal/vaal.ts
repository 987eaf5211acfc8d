/**
 * VAAL: an autoencoder learns codes of labelled and unlabelled images that a discriminator cannot tell apart, the
 * discriminator to tell them apart all the same; the images that it finds least labelled are bought.
 *
 *     VAE            minimise over encoder, decoder    |x - decode(z)|^2 + beta KL(q(z|x) || p(z)) - adversary log D(mu(x))
 *     discriminator  minimise over D                   -log D(mu(labelled)) - log(1 - D(mu(unlabelled)))
 *     select         the `batch` unlabelled images of smallest D(mu(x))
 *
 * Source: Sinha et al. 2019, "Variational Adversarial Active Learning" (ICCV; arXiv:1904.00370), algorithms 1 and 2.
 * Differs: the images are scored as they are and in inference mode, where the authors' code scores mirrored images by the
 * statistics of random batches; a share of the images is held out for the figures. `vaal-step.ts` says what differs in
 * training, `vaal-config.ts` how to have it as the code has it.
 *
 * The networks know nothing of the task: neither labels nor the task model enter the choice. Memory beside the networks: one
 * batch of images, and one number a candidate.
 */
import type { Strategy } from '../src/acquisition/strategy.ts';
import { selectLeastLabelled } from './select-least-labelled.ts';
import type { VaalConfig } from './vaal-config.ts';
import { trainVaal } from './vaal-model.ts';

/**
 * A strategy that trains both networks anew in every round and buys the `batch` candidates of lowest score, ties broken at
 * random: {@link selectLeastLabelled}.
 */
export function createVaal(options: VaalConfig): Strategy {
  return {
    select: (round) =>
      selectLeastLabelled(round, options, (images) => trainVaal(options, images, round.stream)),
  };
}
