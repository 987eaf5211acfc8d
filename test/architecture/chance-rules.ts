/**
 * Where chance could slip in unseeded, and where a read would stall or fail: found by reading the calls.
 *
 * What is read here is syntax, so a call through a renamed variable escapes; the rules catch the habit, not
 * the intent to hide.
 */
import ts from 'typescript';
import { lineOf, type Source, visit } from './source.ts';

/** Functions of `tf` that draw, with the position of their seed. */
const seedPosition: ReadonlyMap<string, number> = new Map([
  ['randomNormal', 4],
  ['randomUniform', 4],
  ['truncatedNormal', 4],
  ['randomGamma', 4],
  ['randomUniformInt', 3],
  ['dropout', 3],
  ['randomStandardNormal', 2],
  ['multinomial', 2],
]);

/** Layers with weights, and the options that set how their weights start. */
const initialisersOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['dense', ['kernelInitializer']],
  ['conv1d', ['kernelInitializer']],
  ['conv2d', ['kernelInitializer']],
  ['conv3d', ['kernelInitializer']],
  ['conv2dTranspose', ['kernelInitializer']],
  ['conv3dTranspose', ['kernelInitializer']],
  ['depthwiseConv2d', ['depthwiseInitializer']],
  ['separableConv2d', ['depthwiseInitializer', 'pointwiseInitializer']],
  ['embedding', ['embeddingsInitializer']],
]);

const constantInitialisers: readonly string[] = ['zeros', 'ones', 'constant', 'identity'];
/** Unseeded they differ from run to run; seeded they draw the same mask at every step. */
const noiseLayers: readonly string[] = [
  'dropout',
  'spatialDropout1d',
  'gaussianNoise',
  'gaussianDropout',
  'alphaDropout',
];

/** One sentence for each call that draws without a seed or waits for the device. */
export function chanceViolations(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, tree }) => {
    const found: string[] = [];
    visit(tree, (node) => {
      const fault = ts.isPropertyAccessExpression(node) ? faultOfAccess(node) : faultOfCall(node);
      if (fault !== undefined) found.push(`${path}:${lineOf(tree, node)}: ${fault}`);
    });
    return found;
  });
}

function faultOfAccess(node: ts.PropertyAccessExpression): string | undefined {
  const name = node.name.text;
  const owner = node.expression.getText();
  if (owner === 'Math' && name === 'random') return 'draws with Math.random; take a stream';
  if (name === 'dataSync' || name === 'arraySync') return `calls ${name}; await data() instead`;
  if (/(^|\.)util$/.test(owner) && name.startsWith('shuffle'))
    return `draws with ${owner}.${name}; take a stream`;
  if (owner === 'tf' && name === 'rand') return 'draws with tf.rand; take a stream';
  return undefined;
}

function faultOfCall(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const name = node.expression.name.text;
  const owner = node.expression.expression.getText();
  if (owner === 'tf') return faultOfDraw(name, node.arguments);
  if (owner === 'tf.initializers') return faultOfInitialiser(name, node.arguments[0]);
  if (owner === 'tf.layers') return faultOfLayer(name, node.arguments[0]);
  if (name === 'fit') return faultOfFit(node.arguments[2]);
  return undefined;
}

function faultOfDraw(name: string, given: ts.NodeArray<ts.Expression>): string | undefined {
  const position = seedPosition.get(name);
  if (position === undefined || given.some(ts.isSpreadElement)) return undefined;
  return isNoSeed(given[position]) ? `draws with tf.${name} without a seed` : undefined;
}

function faultOfInitialiser(name: string, options: ts.Expression | undefined): string | undefined {
  if (constantInitialisers.includes(name)) return undefined;
  const written = propertiesOf(options);
  if (options !== undefined && written === undefined) return undefined;
  return isNoSeed(written?.get('seed'))
    ? `starts weights with tf.initializers.${name} without a seed`
    : undefined;
}

function faultOfLayer(name: string, options: ts.Expression | undefined): string | undefined {
  if (noiseLayers.includes(name)) return `builds tf.layers.${name}, whose draws no stream decides`;
  const written = propertiesOf(options);
  if (written === undefined) return undefined;
  for (const option of initialisersOf.get(name) ?? []) {
    const initialiser = written.get(option);
    const isUnseededName =
      initialiser !== undefined &&
      ts.isStringLiteralLike(initialiser) &&
      !constantInitialisers.includes(initialiser.text);
    if (initialiser === undefined || isUnseededName)
      return `builds tf.layers.${name} with an unseeded ${option}`;
  }
  return undefined;
}

function faultOfFit(options: ts.Expression | undefined): string | undefined {
  const written = propertiesOf(options);
  if (!written?.has('epochs')) return undefined;
  return written.get('shuffle')?.kind === ts.SyntaxKind.FalseKeyword
    ? undefined
    : 'lets fit shuffle with Math.random; shuffle the rows first';
}

/** TensorFlow.js takes seed 0 for "no seed". */
function isNoSeed(seed: ts.Expression | undefined): boolean {
  return seed === undefined || seed.getText() === 'undefined' || seed.getText() === '0';
}

/** Values by name of an object written out in full, or undefined if it is not one. */
function propertiesOf(options: ts.Expression | undefined): Map<string, ts.Expression> | undefined {
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return undefined;
  const written = new Map<string, ts.Expression>();
  for (const property of options.properties) {
    if (ts.isPropertyAssignment(property)) written.set(property.name.getText(), property.initializer);
    else if (ts.isShorthandPropertyAssignment(property)) written.set(property.name.text, property.name);
    else return undefined;
  }
  return written;
}
