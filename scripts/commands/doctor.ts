import { arch, cpus, platform, totalmem } from 'node:os';
import { version as tensorflowVersion } from '@tensorflow/tfjs';
import { selectBackend } from '../../src/backend/backend.ts';
import { measureMatmulRate } from '../../src/backend/matmul-rate.ts';
import { listAdapters, type WebGpuAdapter } from '../../src/backend/webgpu-adapters.ts';
import { dataDirectories, listDatasets } from '../../src/datasets/registry.ts';
import { backendFlag, type Command, dataFlag } from '../command.ts';
import { SUMMARIES } from '../summaries.ts';
import { describeDatasets } from './data.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  summary: SUMMARIES.doctor,
  flags: {
    json: { type: 'boolean', help: 'Print JSON' },
    backend: backendFlag,
    data: dataFlag,
  },
  run: async (args) => {
    args.none();
    const choice = await selectBackend(args.backend());
    const webgpu = await graphics();
    const matmulGflops = await measureMatmulRate();
    const flag = args.dataDir();
    const datasets = await listDatasets({ dataDirs: dataDirectories(flag === null ? {} : { flag }) });
    const machine = {
      platform: `${platform()} ${arch()}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    };
    const report = {
      backend: choice.backend,
      detail: choice.detail,
      rejected: choice.rejected,
      matmulGflops,
      webgpu,
      node: process.version,
      tensorflow: tensorflowVersion.tfjs,
      machine,
      datasets,
    };
    if (args.has('json')) {
      console.log(JSON.stringify(report, null, 2));
      return 0;
    }
    console.log(`backend   ${choice.backend} (${choice.detail})`);
    for (const { backend, reason } of choice.rejected) console.log(`not used  ${backend}: ${reason}`);
    for (const adapter of webgpu.adapters) console.log(`graphics  ${describe(adapter)}`);
    if (webgpu.reason !== null) console.log(`graphics  none: ${webgpu.reason}`);
    console.log(`speed     ${matmulGflops.toFixed(1)} GFLOP/s in a 1024 x 1024 matrix product`);
    console.log(`versions  node ${process.version}, TensorFlow.js ${tensorflowVersion.tfjs}`);
    console.log(
      `machine   ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
    );
    console.log(describeDatasets(datasets));
    return 0;
  },
};

/** What WebGPU could use, and in one sentence why nothing. */
async function graphics(): Promise<{ adapters: WebGpuAdapter[]; reason: string | null }> {
  try {
    const adapters = await listAdapters();
    return { adapters, reason: adapters.length === 0 ? 'no driver offers WebGPU one' : null };
  } catch (error) {
    return { adapters: [], reason: (error as Error).message };
  }
}

function describe({ name, vendor, architecture, driver, api, software }: WebGpuAdapter): string {
  const known = [software ? 'software' : '', `${vendor} ${architecture}`.trim(), driver, api];
  return `${name} (${known.filter((word) => word !== '').join(', ')})`;
}
