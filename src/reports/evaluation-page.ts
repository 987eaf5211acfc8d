/**
 * The page of an evaluation: its figures beside its pictures.
 */
import { html } from 'hono/html';
import { writeFileAtomic } from '../atomic-write.ts';
import type { Evaluation } from '../experiments/evaluation/evaluate-generator.ts';
import type { EvaluationPicture } from '../experiments/evaluation/pictures.ts';
import { evaluationRows } from './evaluation-rows.ts';
import { facts, type Html, renderPage, table } from './html.ts';
import { percent } from './number-format.ts';

/** An evaluation and what it was made with. */
export interface EvaluationRecord extends Evaluation {
  /** Folder of the generator. */
  readonly generator: string;
  readonly backend: string;
  readonly seed: number;
}

/**
 * Writes the page; the pictures lie beside it as `<name>.png`.
 *
 * @param pictures in the order of the page
 */
export async function writeEvaluationPage(
  file: string,
  record: EvaluationRecord,
  pictures: readonly EvaluationPicture[],
): Promise<void> {
  await writeFileAtomic(file, await evaluationPage(record, pictures));
}

/** The page as text. */
export function evaluationPage(
  record: EvaluationRecord,
  pictures: readonly EvaluationPicture[],
): Promise<string> {
  const { kind, dataset, judge, samples } = record;
  const { head, rows } = evaluationRows(record);
  return renderPage({
    title: `${kind} on ${dataset}`,
    subtitle: samples
      ? `${samples.rows} generated images against ${samples.rows} test images.`
      : 'A model without a prior: nothing is sampled.',
    warning: null,
    sections: [
      {
        id: 'figures',
        title: 'Figures',
        body: html`${table(
          'Figures of the generator',
          head.map((title) => ({ title })),
          rows,
        )}${note(record)}`,
      },
      {
        id: 'pictures',
        title: 'Pictures',
        body: html`${pictures.map(
          ({ name, caption }) =>
            html`<figure><img class="picture" src="${name}.png" alt="${caption}" loading="lazy"><figcaption>${caption}</figcaption></figure>`,
        )}`,
      },
      {
        id: 'provenance',
        title: 'Provenance',
        body: facts([
          ['generator', record.generator],
          ['judge', `${judge.id}, ${percent(judge.testAccuracy, 2)} of test images right`],
          ['backend', record.backend],
          ['seed', String(record.seed)],
        ]),
      },
    ],
    footer: html`<p>The figures of this page are in evaluation.json beside it.</p>`,
  });
}

function note({ samples }: EvaluationRecord): Html {
  const nearer =
    samples?.timesNearer == null
      ? ''
      : html` The Fréchet distance is ${samples.timesNearer.toFixed(1)} times nearer to that of real images than the untrained model's.`;
  return html`<p class="note">Distances are taken in the features of a classifier of this data set, the judge, and compare under the same judge alone. Real images are test images in the generator's place; untrained is the same model with its first weights.${nearer}</p>`;
}
