/**
 * What a file may look like: its length, its name, what it exports, and no trace of where it was written.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, type Source, visit } from './source.ts';

export const longestFile = 350;

/** Names that say nothing about what is inside. */
const emptyNames: readonly string[] = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'types',
  'constants',
];
const unfinished = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X'].join(''));
/**
 * Folders of one machine, as absolute paths: working copies and homes, except that of an invented `me`. And the
 * data folder that only .ci/run looks for.
 */
const machinePath = new RegExp(
  [
    String.raw`(?<![\w.:/-])/(?:work|workspace|root)/[\w.-]+`,
    String.raw`(?<![\w.:/-])/(?:home|Users)/(?!me\b)[\w.-]+`,
    String.raw`\b[A-Z]:\\+Users\\+(?!me\b)\w+`,
    String.raw`\bshared/datasets\b`,
  ].join('|'),
);

/** One sentence for each file of bad form. */
export function formViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [
    ...formOfFile(source),
    ...exportsOf(source),
    ...linesOf(source.path, source.text),
  ]);
}

/** Paths of somebody's machine and notes of unfinished work, in text of any kind. */
export function linesOf(path: string, text: string): string[] {
  return text.split('\n').flatMap((content, index) => {
    const found: string[] = [];
    const place = machinePath.exec(content);
    if (place !== null) found.push(`${path}:${index + 1}: names a path of one machine, ${place[0]}`);
    const note = unfinished.exec(content);
    if (note !== null) found.push(`${path}:${index + 1}: leaves a ${note[0]}`);
    return found;
  });
}

function formOfFile({ path, text }: Source): string[] {
  const found: string[] = [];
  const lines = text.trimEnd().split('\n').length;
  if (lines > longestFile) found.push(`${path}: has ${lines} lines, more than ${longestFile}`);
  const name = posix.basename(path).replace(/\..*$/, '');
  if (emptyNames.includes(name)) found.push(`${path}: is named after nothing; name it after its idea`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) found.push(`${path}: is not named in kebab case`);
  return found;
}

function exportsOf({ path, tree }: Source): string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    const isDefault =
      ts.isExportAssignment(node) ||
      (ts.canHaveModifiers(node) &&
        ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true) ||
      (ts.isExportSpecifier(node) && node.name.text === 'default');
    if (isDefault) found.push(`${path}:${lineOf(tree, node)}: has a default export`);
    const isBarrel = ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined;
    if (isBarrel && posix.basename(path) !== 'index.ts') {
      found.push(`${path}:${lineOf(tree, node)}: exports another file's names, which only an index.ts may`);
    }
  });
  return found;
}
