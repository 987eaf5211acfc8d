/** Every case there is. */
import type { StepCase } from './case.ts';
import { dcgan28, dcgan28Wide, dcgan32, dcgan32Wide } from './dcgan.ts';
import { latentSearch } from './latent-search.ts';
import { classifierStep, poolScoring } from './lenet.ts';
import { m2 } from './m2.ts';
import { vae } from './vae.ts';
import { wganGpCritic } from './wgan-gp.ts';

/** What is timed unless cases are named: work of a size for two cores. */
export const standardCases: readonly StepCase[] = [
  dcgan28,
  wganGpCritic,
  vae,
  m2,
  latentSearch,
  classifierStep,
  poolScoring,
];

/** More to name: sizes that only a GPU does at leisure. */
export const wideCases: readonly StepCase[] = [dcgan28Wide, dcgan32, dcgan32Wide];

/** @throws RangeError if there is no case of that name */
export function caseNamed(name: string): StepCase {
  const all = [...standardCases, ...wideCases];
  const found = all.find((stepCase) => stepCase.name === name);
  if (found === undefined) {
    throw new RangeError(
      `--case: expected one of ${all.map((stepCase) => stepCase.name).join(', ')}, got ${name}`,
    );
  }
  return found;
}
