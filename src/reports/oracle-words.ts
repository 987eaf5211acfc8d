/**
 * What the oracle was told to do about pool rows, and when cells ended, in sentences.
 */
import type { EndReason } from '../acquisition/round-record.ts';
import { figure, list, percent } from './number-format.ts';
import { budgetOf } from './paid-words.ts';
import type { CellRecord, RunConfig, RunRecord } from './run-record.ts';

const WHY: Readonly<Record<EndReason, string>> = {
  budget: 'the budget was spent',
  kappa: 'predictions had settled (rule kappa)',
  uncertainty: 'the model was sure of the candidates (rule uncertainty)',
  'cannot-tell-apart': 'its discriminator no longer told the pools apart (rule cannot-tell-apart)',
};

/** How pool rows were answered and what that cost. */
export function oracleSentences({ oracle = {}, budget }: RunConfig): string[] {
  const { noise = 0, confusion, abstain = 0, cost } = oracle;
  const wrong = confusion?.map((row, label) => 1 - (row[label] ?? 0));
  const sentences = ['Pool rows were answered with their true label.'];
  if (noise > 0) {
    sentences[0] = `Pool rows were answered with their true label, of which ${percent(noise)} were replaced by another class on purpose.`;
  } else if (wrong !== undefined) {
    sentences[0] = `Pool rows were answered with their true label, but for a share of each class that was replaced on purpose: ${list(wrong.map((share) => percent(share)))}.`;
  }
  const chances = Array.isArray(abstain) ? abstain : [abstain];
  if (chances.some((chance) => chance > 0)) {
    const each = Array.isArray(abstain) ? ' of each class' : '';
    sentences.push(
      `A share of the rows${each} was not answered, and not asked about again: ${list(chances.map((chance) => percent(chance)))}.`,
    );
  }
  if (cost !== undefined) {
    sentences.push(
      Array.isArray(cost)
        ? `A label cost ${list(cost.map((price) => figure(price)))}, by class.`
        : `A label cost ${figure(cost)}.`,
    );
  }
  if (budget !== undefined) sentences.push(`No cell could pay more than ${budgetOf('cost', budget.cost)}.`);
  return sentences;
}

/** Which cells ended before their last round, and why; a sentence a strategy and reason. */
export function endingSentences({ strategies, cells }: Pick<RunRecord, 'strategies' | 'cells'>): string[] {
  return strategies.flatMap(({ name }) =>
    (Object.keys(WHY) as EndReason[]).flatMap((reason) => {
      const ended = cells.filter((cell) => cell.strategy === name && endOf(cell) === reason);
      if (ended.length === 0) return [];
      const where = ended.map(({ seed, rounds }) => `in round ${rounds.length - 1} on seed ${seed}`);
      return [`${name} ended ${list(where)}, because ${WHY[reason]}.`];
    }),
  );
}

function endOf({ rounds }: CellRecord): EndReason | undefined {
  return rounds.at(-1)?.ended;
}
