import { basename } from 'node:path';
import { megabytes } from '../../src/backend/native/disk.ts';
import { type Installed, install } from '../../src/backend/native/install.ts';
import { listNativeBuilds, removeNativeBuild } from '../../src/backend/native/inventory.ts';
import { describePlan, type InstallPlan, planInstall } from '../../src/backend/native/plan.ts';
import type { NativeDevice } from '../../src/backend/native/target.ts';
import { verifyNative } from '../../src/backend/native/verify.ts';
import { nativeBuildFolder, nativeBuildsFolder } from '../../src/backend/native-build.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import type { Arguments, Command } from '../command.ts';
import { Progress } from '../progress.ts';
import { SUMMARIES } from '../summaries.ts';

export const backendCommand: Command = {
  name: 'backend',
  usage: 'install | list | remove',
  summary: SUMMARIES.backend,
  details: `
install compiles the binding of @tensorflow/tfjs-node against a current TensorFlow and puts it into the user's cache
folder, where npm ci leaves it alone. TensorFlow comes from --from, else from the Python on the PATH or of --python if
it has the package tensorflow or tensorflow-cpu (its libraries stay there), else from the wheel that pip fetches
(0.3 GB, kept on disk as 0.9 GB; with --gpu 3 GB and more, CUDA included). It needs a C++ compiler ($CXX, else g++ or
clang++), npm, and for the wheel python3 with pip; Linux with glibc or macOS. If native TensorFlow works already it does
nothing. An interrupted installation leaves nothing but the downloaded wheels, which the next one uses.
list says what lies in the cache folder. remove deletes the build, and downloads that are left over.`,
  flags: {
    from: { type: 'string', value: 'DIR', help: 'install: take TensorFlow from this folder' },
    python: { type: 'string', value: 'PATH', help: 'install: take TensorFlow from this Python' },
    gpu: { type: 'boolean', help: 'install, remove: the build for NVIDIA GPUs (Linux on x64)' },
    force: { type: 'boolean', help: 'install: build even if native TensorFlow works already' },
    'dry-run': { type: 'boolean', help: 'install: say what would be done, and stop' },
    json: { type: 'boolean', help: 'Print the result as JSON' },
  },
  run: async (args) => {
    const [action, ...rest] = args.positionals;
    if (action === 'install' && rest.length === 0) return installBackend(args);
    if (action === 'list' && rest.length === 0) return list(args);
    if (action === 'remove' && rest.length === 0) return remove(args);
    throw new ConfigError(
      `genal backend: expected "install", "list" or "remove", got "${args.positionals.join(' ')}"`,
    );
  },
};

async function installBackend(args: Arguments): Promise<number> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error('interrupted'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    return await installUnlessThere(args, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    console.log('interrupted; nothing was installed. Downloaded wheels are kept for the next try.');
    return 130;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

async function installUnlessThere(args: Arguments, signal: AbortSignal): Promise<number> {
  const device: NativeDevice = args.has('gpu') ? 'gpu' : 'cpu';
  const [from, python] = [args.text('from'), args.text('python')];
  if (from !== undefined && python !== undefined) {
    throw new ConfigError('genal backend install: expected --from or --python, got both');
  }
  const isDry = args.has('dry-run');
  const tell = (value: object, lines: readonly string[]) =>
    console.log(args.has('json') ? JSON.stringify(value, null, 2) : lines.join('\n'));
  const present = args.has('force') || isDry ? null : await presentBackend(device, signal);
  if (present !== null) {
    tell({ installed: false, detail: present }, [
      `native TensorFlow works already: ${present}. Nothing to do; --force builds it anyway.`,
    ]);
    return 0;
  }
  const plan = await planInstall({ device, from, python, signal });
  if (isDry || !args.has('json')) tell(plan, describePlan(plan));
  if (isDry) return 0;
  const installed = await carryOut(plan, signal, args.has('json'));
  tell({ installed: true, ...installed }, [
    `${installed.detail}: ${installed.folder}, ${megabytes(installed.bytes)}`,
  ]);
  return 0;
}

/** What loads and computes already, or null. */
async function presentBackend(device: NativeDevice, signal: AbortSignal): Promise<string | null> {
  try {
    const { detail } = await verifyNative(undefined, signal);
    return device === 'cpu' || detail.startsWith('@tensorflow/tfjs-node-gpu') ? detail : null;
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

async function carryOut(plan: InstallPlan, signal: AbortSignal, isSilent: boolean): Promise<Installed> {
  if (isSilent) return install(plan, { signal });
  const progress = new Progress();
  let current: string | null = null;
  try {
    return await install(plan, {
      signal,
      onStatus: (step, text) => {
        current = step;
        progress.status(step, text);
      },
      onDone: (step, text) => {
        current = null;
        progress.end(step);
        progress.line(step, text);
      },
    });
  } finally {
    if (current !== null) progress.end(current);
  }
}

async function list(args: Arguments): Promise<number> {
  const builds = await listNativeBuilds();
  if (args.has('json')) {
    console.log(JSON.stringify(builds, null, 2));
    return 0;
  }
  if (builds.length === 0)
    console.log(`no builds in ${nativeBuildsFolder()}; genal backend install makes one`);
  for (const { folder, manifest, bytes, problem } of builds) {
    console.log(`${basename(folder)}  ${megabytes(bytes)}`);
    if (manifest !== null) {
      console.log(
        `  TensorFlow ${manifest.tensorflow} from ${manifest.source}, tfjs-node ${manifest.tfjsNode}`,
      );
      console.log(`  libraries in ${manifest.libraries}`);
    }
    console.log(`  ${problem === null ? folder : `${folder}: ${problem}`}`);
  }
  return 0;
}

async function remove(args: Arguments): Promise<number> {
  const device: NativeDevice = args.has('gpu') ? 'gpu' : 'cpu';
  const folder = nativeBuildFolder(device);
  const freed = await removeNativeBuild(device);
  if (args.has('json')) console.log(JSON.stringify({ folder, freed }, null, 2));
  else
    console.log(freed === 0 ? `${folder}: nothing there` : `${folder}: removed, ${megabytes(freed)} freed`);
  return 0;
}
