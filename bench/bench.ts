/**
 * Benchmarks: `npm run bench -- steps|latent [--backend NAME] [--json FILE]`. Prints a table; with `--json` also
 * writes `{backend, matmulGflops, steps}`. What is measured: bench/README.md.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type BackendName, selectBackend } from '../src/backend/backend.ts';
import { benchLatentSteps } from './latent.ts';
import { benchSteps, type StepsResult } from './steps.ts';

const benches: Readonly<Record<string, () => Promise<StepsResult>>> = {
  steps: benchSteps,
  latent: benchLatentSteps,
};

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: 'string' }, json: { type: 'string' } },
  });
  const [name = ''] = positionals;
  const bench = benches[name];
  if (!bench) throw new RangeError(`bench: expected one of ${Object.keys(benches).join(', ')}, got ${name}`);
  const choice = await selectBackend(values.backend as BackendName | undefined);
  const result = await bench();
  console.log(`backend   ${choice.backend} (${choice.detail})`);
  console.log(`matmul    ${result.matmulGflops.toFixed(1)} GFLOP/s, 1024 x 1024`);
  for (const { step, ms, gflop, gflops, shareOfMatmul } of result.steps) {
    const share = `${(100 * shareOfMatmul).toFixed(0)} % of matmul`;
    const rate = `${gflop.toFixed(2)} GFLOP, ${gflops.toFixed(1)} GFLOP/s`;
    console.log(`${step}: ${ms.toFixed(1)} ms, ${rate}, ${share}`);
  }
  if (values.json) {
    const report = { backend: choice.backend, ...result };
    await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
