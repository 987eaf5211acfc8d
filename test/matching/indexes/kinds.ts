/** The kinds of index that can be had where the tests run; what is missing is told once, so that a skip is seen. */
import { createHnswGraph } from '../../../matching/hnsw.ts';

export const hasHnsw: boolean = await createHnswGraph(1).then(
  () => true,
  (error: Error) => {
    process.stderr.write(`Tests of hnsw are skipped: ${error.message}\n`);
    return false;
  },
);

export const presentKinds: readonly string[] = ['exact', 'lsh-forest', ...(hasHnsw ? ['hnsw'] : [])];
