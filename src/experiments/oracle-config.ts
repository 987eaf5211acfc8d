/**
 * The oracle as it stands in a config file, what of it a data set must fit, and the oracle made of it.
 */
import { z } from 'zod';
import { type AskOptions, drawInitialRows } from '../acquisition/asking.ts';
import { Oracle, type Prices, type ReferenceClassifier } from '../acquisition/oracle.ts';
import { Purse } from '../acquisition/purse.ts';
import { ClassifierConfig } from '../classifiers/config.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { rootStream, type Stream } from '../random.ts';

const share = z.number().min(0).max(1);
const price = z.number().positive();

/** How far the chances of a row may be from 1: decimal fractions do not sum exactly. */
const ROUNDING = 1e-6;

export const OracleConfig = z
  .strictObject({
    noise: z.number().min(0).max(0.99).default(0).describe('Share of pool answers replaced by another class'),
    confusion: z
      .array(z.array(share))
      .optional()
      .describe(
        'Noise that depends on the class, in place of "noise": a row for each true class, in it the chance of each answer',
      ),
    abstain: z
      .union([share, z.array(share)])
      .default(0)
      .describe('Chance that a pool row is not answered, then never asked again: one, or one a true class'),
    minConfidence: share
      .default(0.5)
      .describe('Softmax probability below which the reference cannot read a synthesised image'),
    chargeAbstentions: z
      .boolean()
      .default(true)
      .describe('Whether a query that is not answered costs as much as a label, or "abstentionCost"'),
    cost: z
      .union([price, z.array(price)])
      .optional()
      .describe(
        'What a label costs: one number, or one a class (of a pool row its true one, of a synthesised image the one read). 1 if left out where there is a budget; no costs are kept otherwise',
      ),
    abstentionCost: z
      .number()
      .nonnegative()
      .optional()
      .describe('What a query that is not answered costs. Default: the mean of "cost" over the classes'),
    reference: z
      .strictObject({
        classifier: ClassifierConfig.prefault({ kind: 'lenet' }).describe(
          'Model that reads synthesised images',
        ),
        allClasses: z
          .boolean()
          .default(true)
          .describe(
            'Train it on every class of the data set, so that it can say "neither" to an experiment on a few',
          ),
        seed: z
          .int()
          .min(1)
          .max(2_147_483_647)
          .default(1)
          .describe('Root seed of its weights and data order'),
      })
      .prefault({}),
  })
  .superRefine(({ noise, confusion, abstentionCost, chargeAbstentions }, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (confusion !== undefined && noise > 0) {
      problem(['confusion'], `expected "noise" or "confusion", got both`);
    }
    confusion?.forEach((row, label) => {
      const sum = row.reduce((total, chance) => total + chance, 0);
      if (row.length !== confusion.length) {
        problem(['confusion', label], `expected ${confusion.length} chances, got ${row.length}`);
      } else if (Math.abs(sum - 1) > ROUNDING) {
        problem(['confusion', label], `expected chances that sum to 1, got ${sum}`);
      }
    });
    if (abstentionCost !== undefined && !chargeAbstentions) {
      problem(['abstentionCost'], 'expected none where "chargeAbstentions" is false, got one');
    }
  });
export type OracleConfig = z.output<typeof OracleConfig>;

export const BudgetConfig = z.strictObject({
  cost: z
    .number()
    .positive()
    .describe(
      'The most a cell pays, the initial set included. A round asks in the order of selection until the next answer would exceed it, and ends the cell',
    ),
});

/** What of an experiment's config decides what the oracle says and costs. */
export interface OracleSettings {
  readonly oracle: OracleConfig;
  readonly budget?: z.output<typeof BudgetConfig> | undefined;
  readonly initial: AskOptions['initial'];
}

/** The oracle of a seed. */
export function createOracle(
  settings: Pick<OracleSettings, 'oracle' | 'budget'>,
  dataset: Dataset,
  root: Stream,
  reference?: ReferenceClassifier,
): Oracle {
  const { noise, confusion, abstain, minConfidence } = settings.oracle;
  const classes = dataset.classNames.length;
  return new Oracle({
    truth: dataset.train.labels,
    classes,
    noise,
    confusion,
    abstain: perClass(abstain, classes),
    prices: pricesOf(settings, classes),
    minConfidence,
    stream: root.of('oracle'),
    ...(reference === undefined ? {} : { reference }),
  });
}

/** What answers cost; undefined if the config speaks neither of costs nor of a budget. */
function pricesOf(
  { oracle, budget }: Pick<OracleSettings, 'oracle' | 'budget'>,
  classes: number,
): Prices | undefined {
  const { cost, abstentionCost, chargeAbstentions } = oracle;
  if (cost === undefined && abstentionCost === undefined && budget === undefined) return undefined;
  const prices = perClass(cost ?? 1, classes);
  const mean = prices.reduce((sum, one) => sum + one, 0) / classes;
  return { perClass: prices, abstention: chargeAbstentions ? (abstentionCost ?? mean) : 0 };
}

/** Every way in which the oracle does not fit the data set, a line each. */
export function oracleProblems(
  { confusion, abstain, cost }: OracleConfig,
  { classNames: { length: classes } }: Dataset,
): string[] {
  return Object.entries({ confusion, abstain, cost }).flatMap(([key, values]) =>
    Array.isArray(values) && values.length !== classes
      ? [`oracle.${key}: expected ${classes} entries, one a class, got ${values.length}`]
      : [],
  );
}

/**
 * What is wrong with a seed's initial labels as the oracle gives and charges them, a line each.
 *
 * @throws RangeError if they cannot be drawn
 */
export function startProblems(settings: OracleSettings, dataset: Dataset, seed: number): string[] {
  const { oracle, budget, initial } = settings;
  const root = rootStream(seed);
  const source = createOracle(settings, dataset, root);
  const answers = source.answerRows(drawInitialRows(dataset, initial, root));
  const purse = new Purse({ ...oracle, prices: source.prices });
  purse.pay(answers);
  const known = new Set(answers.flatMap(({ label }) => label ?? []));
  const problems: string[] = [];
  if (known.size < 2) {
    problems.push(
      `seeds, ${seed}: expected answers of two classes at least before the first round, got ${known.size}`,
    );
  }
  if (budget !== undefined && purse.cost !== undefined && purse.cost >= budget.cost) {
    problems.push(
      `budget.cost: expected more than the ${purse.cost} that the initial labels of seed ${seed} cost, got ${budget.cost}`,
    );
  }
  return problems;
}

function perClass(value: number | readonly number[], classes: number): readonly number[] {
  return typeof value === 'number' ? new Array<number>(classes).fill(value) : value;
}
