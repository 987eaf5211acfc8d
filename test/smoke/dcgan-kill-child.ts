/**
 * Trains a small DCGAN into the folder named on the command line: what dcgan-kill.test.ts kills.
 */
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { trainGenerator } from '../../generators/training.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

const dir = process.argv[2];
if (dir === undefined) throw new RangeError('dcgan-kill-child: expected a folder, got none');
await selectBackend('wasm');
const config = DcganConfig.parse({
  kind: 'dcgan',
  latentSize: 8,
  channels: [16, 8],
  steps: 60,
  batch: 8,
  checkpointEvery: 3,
  gridEvery: 0,
});
const images = Uint8Array.from({ length: 40 * 64 }, (_, i) => (i * 37) % 256);
const generator = await trainGenerator(config, { images, shape: [8, 8, 1] }, { dir, stream: rootStream(1) });
generator.dispose();
