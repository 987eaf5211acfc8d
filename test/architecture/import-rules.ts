/**
 * Who may import whom: the layers of the project, and the few files that may touch a heavy library.
 */
import { posix } from 'node:path';
import type { Source } from './source.ts';

/**
 * The layers, lowest first. A file imports lower layers and its own group, never a higher layer and never
 * another group of its own layer. A trailing slash means everything below that folder.
 */
export const layers: readonly (readonly (readonly string[])[])[] = [
  [
    [
      'src/backend/',
      'src/shapes.ts',
      'src/random.ts',
      'src/safetensors.ts',
      'src/atomic-write.ts',
      'src/make-folder.ts',
      'src/cache-directory.ts',
      'src/dropout-mask.ts',
      'src/gather-rows.ts',
    ],
  ],
  [['src/datasets/']],
  [['src/classifiers/'], ['generators/']],
  [['src/queries/']],
  [['matching/']],
  [['src/acquisition/']],
  [['vaal/']],
  [['src/experiments/']],
  [['src/reports/']],
  [['src/index.ts']],
  [['scripts/']],
];

/** Libraries that only some places may import, wherever else they are installed. */
const restricted: readonly { readonly library: RegExp; readonly allowed: readonly string[] }[] = [
  { library: /^@tensorflow\/(?!tfjs$)/, allowed: ['src/backend/'] },
  { library: /^sharp(\/|$)/, allowed: ['src/reports/', 'src/datasets/image-folder.ts'] },
  { library: /^vega(-|\/|$)/, allowed: ['src/reports/'] },
  { library: /^hnswlib-node(\/|$)/, allowed: ['matching/hnsw.ts'] },
];

/** Where a module may be chosen at run time: optional packages that may not be installed. */
const computedImports: readonly string[] = ['src/backend/', 'matching/hnsw.ts'];

/** One sentence for each import that breaks a rule. `packages` are those package.json promises at run time. */
export function importViolations(sources: readonly Source[], packages: readonly string[]): string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap(({ specifier, line }) => {
      const fault = faultOf(source.path, specifier, packages);
      return fault === undefined ? [] : [`${source.path}:${line}: ${fault}`];
    }),
  );
}

function faultOf(path: string, specifier: string | null, packages: readonly string[]): string | undefined {
  const from = placeOf(path);
  if (from === undefined) return 'belongs to no layer';
  if (specifier === null) {
    return isIn(path, computedImports) ? undefined : 'imports a module whose name is computed';
  }
  if (specifier.startsWith('.')) return faultOfRelative(path, from, specifier);
  if (specifier.startsWith('node:')) return undefined;
  const rule = restricted.find(({ library }) => library.test(specifier));
  if (rule !== undefined && !isIn(path, rule.allowed)) {
    return `imports ${specifier}, which only ${rule.allowed.join(' and ')} may`;
  }
  if (!packages.includes(packageOf(specifier))) return `imports ${specifier}, which is no dependency`;
  return undefined;
}

function faultOfRelative(path: string, from: Place, specifier: string): string | undefined {
  if (!/\.(ts|json)$/.test(specifier)) return `imports ${specifier} without its .ts ending`;
  const target = posix.join(posix.dirname(path), specifier);
  if (target.endsWith('/index.ts')) return `imports the package entry ${target}`;
  const to = placeOf(target);
  if (to === undefined) return `imports ${target}, which belongs to no layer`;
  if (to.layer > from.layer) return `imports ${target} of a higher layer`;
  if (to.layer === from.layer && to.group !== from.group) return `imports ${target} of a sibling layer`;
  return undefined;
}

interface Place {
  readonly layer: number;
  readonly group: number;
}

function placeOf(path: string): Place | undefined {
  for (const [layer, groups] of layers.entries()) {
    const group = groups.findIndex((places) => isIn(path, places));
    if (group >= 0) return { layer, group };
  }
  return undefined;
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
