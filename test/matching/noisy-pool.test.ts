/**
 * The whole way from an image to its row: synthesised images that are pool images with a little noise must find them, by
 * every feature and every index.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { AutoencoderConfig } from '../../generators/autoencoder-config.ts';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { modelOf } from '../../generators/zoo.ts';
import { FeatureConfig } from '../../matching/features/config.ts';
import { createFeatureMap } from '../../matching/features/create.ts';
import { featuresOfBytes } from '../../matching/features/feature-map.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import { matchQueries } from '../../matching/match.ts';
import { MatchConfig } from '../../matching/match-config.ts';
import { buildMatchIndex } from '../../matching/stored-index.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { gatherImages } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { presentKinds } from './indexes/kinds.ts';

const { train, shape } = digitsDataset({ trainSize: 1500, testSize: 1, seed: 1 });
const rows = Array.from({ length: train.n }, (_, row) => poolIndex(row));
const wanted = rootStream(3).choose(rows, 200);

beforeAll(() => selectBackend('wasm'));

/** Images of rows, each byte moved by up to 5 of 255. */
function noisy(): Uint8Array {
  const stream = rootStream(4);
  return gatherImages(train.images, shape, wanted).map((byte) =>
    Math.min(255, Math.max(0, byte + stream.integer(11) - 5)),
  );
}

const MODELS = {
  autoencoder: AutoencoderConfig.parse({ kind: 'autoencoder', latentSize: 16, channels: [4, 8] }),
  discriminator: DcganConfig.parse({ kind: 'dcgan', channels: [16, 8] }),
};

describe.each(['pca', 'autoencoder', 'discriminator'] as const)('by %s features', (kind) => {
  test.each(presentKinds)('noisy pool images find themselves in an index of kind %s', async (indexKind) => {
    const model =
      kind === 'pca'
        ? undefined
        : modelOf(MODELS[kind]).train(MODELS[kind], shape, { images: 1, labelled: 0 }, rootStream(5));
    const generator = model?.sampler;
    const stream = rootStream(6);
    const map = await createFeatureMap(FeatureConfig.parse({ kind }), {
      pool: { bytes: train.images, shape, rows },
      stream,
      ...(generator && { generator: { generator, sha256: 'ab'.repeat(32) } }),
    });
    const config = IndexConfig.parse({ kind: indexKind });
    const index = await buildMatchIndex({ bytes: train.images, shape, rows, map, config, stream });
    const { matches } = await matchQueries(await featuresOfBytes(map, noisy(), shape), index, {
      ...MatchConfig.parse({}),
      candidates: rows,
    });
    const found = matches.filter(({ row }, query) => row === wanted[query]).length;
    expect(found / wanted.length).toBeGreaterThanOrEqual(indexKind === 'exact' ? 1 : 0.99);
    index.dispose();
    map.dispose();
    model?.dispose();
  });
});
