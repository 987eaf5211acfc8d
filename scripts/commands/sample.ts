import { loadGenerator } from '../../generators/load.ts';
import { sampleImages } from '../../generators/sample.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import { writeImagesNpy } from '../../src/experiments/run-folder.ts';
import { rootStream } from '../../src/random.ts';
import { writeGrid } from '../../src/reports/grid.ts';
import { backendFlag, type Command } from '../command.ts';
import { SUMMARIES } from '../summaries.ts';

export const sampleCommand: Command = {
  name: 'sample',
  usage: '<generator folder>',
  summary: SUMMARIES.sample,
  flags: {
    count: { type: 'string', value: 'N', help: 'Images to draw; 64 if left out' },
    seed: { type: 'string', value: 'S', help: 'Root seed of the latents; 1 if left out' },
    grid: { type: 'string', value: 'FILE.png', help: 'Write them as one picture' },
    npy: {
      type: 'string',
      value: 'FILE.npy',
      help: 'Write them as a uint8 array [n, height, width, channels]',
    },
    backend: backendFlag,
  },
  run: async (args) => {
    const dir = args.only('a generator folder');
    const count = args.integer('count', 1) ?? 64;
    const seed = args.integer('seed', 1) ?? 1;
    const grid = args.text('grid');
    const npy = args.text('npy');
    if (grid === undefined && npy === undefined) {
      throw new ConfigError('genal sample: expected --grid FILE.png or --npy FILE.npy, got neither');
    }
    if (grid !== undefined && !grid.endsWith('.png')) {
      throw new ConfigError(`--grid: expected a file that ends in .png, got "${grid}"`);
    }
    if (count > 1_000_000) throw new ConfigError(`--count: expected at most 1000000, got ${count}`);
    await selectBackend(args.backend());
    const generator = await loadGenerator(dir);
    const images = await sampleImages(generator, count, rootStream(seed).of('latents'));
    if (grid !== undefined) await writeGrid(grid, images, generator.shape);
    if (npy !== undefined) await writeImagesNpy(npy, images, generator.shape);
    generator.dispose();
    console.log(`${count} images: ${[grid, npy].filter((file) => file !== undefined).join(', ')}`);
    return 0;
  },
};
