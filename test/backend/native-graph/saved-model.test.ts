import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';
import { nativeBuildFolders } from '../../../src/backend/native-build.ts';
import { type GraphNode, savedModel } from '../../../src/backend/native-graph/saved-model.ts';

/** What tfjs-node's own reader, which Google's compiler made, finds in a file. */
interface Reader {
  readonly SavedModel: { deserializeBinary(content: Uint8Array): { toObject(): SavedModelObject } };
}

interface SavedModelObject {
  readonly savedModelSchemaVersion: number;
  readonly metaGraphsList: readonly {
    readonly metaInfoDef: { readonly tagsList: readonly string[] };
    readonly graphDef: { readonly nodeList: readonly NodeObject[]; readonly versions: { producer: number } };
  }[];
}

interface NodeObject {
  readonly name: string;
  readonly op: string;
  readonly inputList: readonly string[];
  readonly attrMap: readonly (readonly [string, Record<string, unknown>])[];
}

const [folder] = nativeBuildFolders();

test.skipIf(folder === undefined)('a graph is read back by the reader of tfjs-node', () => {
  const load = createRequire(path.join(folder!, 'package.json'));
  const { SavedModel } = load('./package/dist/proto/api_pb.js') as Reader;
  const nodes: GraphNode[] = [
    {
      name: 'constant',
      op: 'Const',
      inputs: [],
      attributes: {
        dtype: { type: 3 },
        value: {
          tensor: { dtype: 3, shape: [2, 1], content: Uint8Array.of(1, 0, 0, 0, 254, 255, 255, 255) },
        },
      },
    },
    {
      name: 'all',
      op: 'Made',
      inputs: ['constant:0', 'constant:1', '^constant'],
      attributes: {
        axis: { int: -1 },
        strides: { ints: [1, 2, 300, -1] },
        none: { ints: [] },
        epsilon: { float: 0.5 },
        rates: { floats: [0.25, 2] },
        transposed: { bool: true },
        flags: { bools: [true, false] },
        padding: { string: 'SAME' },
        shape: { shape: [3, 0, 1000] },
      },
    },
  ];
  const { savedModelSchemaVersion, metaGraphsList } = SavedModel.deserializeBinary(
    savedModel(nodes),
  ).toObject();
  expect(savedModelSchemaVersion).toBe(1);
  expect(metaGraphsList.length).toBe(1);
  const { metaInfoDef, graphDef } = metaGraphsList[0]!;
  expect(metaInfoDef.tagsList).toEqual(['serve']);
  expect(graphDef.versions.producer).toBeGreaterThan(0);
  expect(graphDef.nodeList.map(({ name, op, inputList }) => [name, op, inputList])).toEqual(
    nodes.map(({ name, op, inputs }) => [name, op, inputs]),
  );
  const [constant, all] = graphDef.nodeList.map(({ attrMap }) => Object.fromEntries(attrMap));
  expect(constant).toMatchObject({
    dtype: { type: 3 },
    value: {
      tensor: {
        dtype: 3,
        tensorShape: { dimList: [{ size: 2 }, { size: 1 }] },
        tensorContent: 'AQAAAP7///8=',
      },
    },
  });
  expect(all).toMatchObject({
    axis: { i: -1 },
    strides: { list: { iList: [1, 2, 300, -1] } },
    none: { list: { iList: [] } },
    epsilon: { f: 0.5 },
    rates: { list: { fList: [0.25, 2] } },
    transposed: { b: true },
    flags: { list: { bList: [true, false] } },
    padding: { s: Buffer.from('SAME').toString('base64') },
    shape: { shape: { dimList: [{ size: 3 }, { size: 0 }, { size: 1000 }] } },
  });
});
