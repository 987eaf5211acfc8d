#!/usr/bin/env node
/**
 * Runs an experiment of VAAL and its kin and prints what their networks come to beside what they bought: with the preset
 * `vaal-faithful`, what each peculiarity of the authors' code does, one at a time and all together; with `m2-acquisition`,
 * what M2's latent space tells that its classifier does not.
 *
 *     npx tsx scripts/reproduce-vaal.ts [--preset vaal-faithful] [any flag of genal run]
 *
 * Writes the run folder of the preset, `runs/<preset>/`, report included. `--preset vaal-smoke` takes a minute or two.
 */
import { accuracies, againstRandom, reproduce } from './reproduce.ts';
import { classesTable, discriminatorTable } from './vaal-tables.ts';

await reproduce({
  name: 'reproduce-vaal',
  summary: 'Runs an experiment of VAAL and prints accuracies, and what its networks come to',
  presets: [
    'vaal-faithful',
    'vaal-fashion-3class',
    'vaal-fashion',
    'vaal-cifar10',
    'vaal-smoke',
    'm2-acquisition',
    'm2-smoke',
  ],
  tell: (results, run) => [
    ...accuracies(results),
    '',
    ...againstRandom(results),
    '',
    ...discriminatorTable(run),
    '',
    ...classesTable(run, 'first round'),
    '',
    ...classesTable(run, 'every round'),
  ],
});
