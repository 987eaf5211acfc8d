/**
 * What a cell keeps of a round's queries: pictures for people, images for the replay of synthesised queries, and what a
 * report tells of matches. All is written before the round's record, and written again if the round is taken again.
 */
import { setImmediate } from 'node:timers/promises';
import type { AskedMatches, RoundQueries } from '../acquisition/loop.ts';
import type { MatchedQuery, MatchedRound } from '../acquisition/matched-queries.ts';
import type { Answer } from '../acquisition/round-record.ts';
import { writeFileAtomic } from '../atomic-write.ts';
import { margins, scoreImages } from '../classifiers/predict.ts';
import { type Dataset, gatherImages, imageSize } from '../datasets/dataset.ts';
import type { PoolIndex } from '../shapes.ts';
import type { CaptionedImage, MatchPicture, QueryPicture, ReconstructionPicture } from './round-pictures.ts';
import { runPaths, writeImagesNpy } from './run-folder.ts';

export interface SaveOptions {
  readonly dataset: Dataset;
  /** The cell's folder. */
  readonly cell: string;
  /** Names the cell in pictures. */
  readonly heading: string;
  /** Below this certainty the reference abstains. */
  readonly minConfidence: number;
  readonly writeQueryPicture: (file: string, picture: QueryPicture) => Promise<void>;
  readonly writeMatchPicture: (file: string, picture: MatchPicture) => Promise<void>;
  readonly writeReconstructionPicture: (file: string, picture: ReconstructionPicture) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Writes everything of one round. */
export async function saveQueries(queries: RoundQueries, options: SaveOptions): Promise<void> {
  // Let a pending stop or the parent's death be noticed before anything is written.
  await setImmediate();
  options.signal.throwIfAborted();
  const { round, rows, images, matches, reconstructions } = queries;
  const { cell, dataset, heading, writeReconstructionPicture } = options;
  if (reconstructions !== undefined) {
    await writeReconstructionPicture(runPaths.reconstructionGrid(cell, round), {
      heading: `${heading}, round ${round}`,
      shape: dataset.shape,
      ...reconstructions,
    });
  }
  if (rows === null) await writeImagesNpy(runPaths.queryImages(cell, round), images, dataset.shape);
  if (rows === null || matches === undefined) return writeQueries(queries, options);
  await writeImagesNpy(runPaths.queryImages(cell, round), matches.images, dataset.shape);
  await writeImagesNpy(runPaths.matchImages(cell, round), images, dataset.shape);
  await writeMatchedRound(queries, matches, options);
  await writeMatches(queries, rows, matches, options);
}

async function writeQueries(
  { round, rows, images, answers, classifier }: RoundQueries,
  { dataset, cell, heading, minConfidence, writeQueryPicture }: SaveOptions,
): Promise<void> {
  const margin = margins(await scoreImages(classifier, images), classifier.classes);
  await writeQueryPicture(runPaths.queryGrid(cell, round), {
    heading: `${heading}, round ${round}`,
    images,
    shape: dataset.shape,
    captions: answers.map((answer, query) => ({
      title: labelName(answer, dataset),
      tone: answer.label === null ? 'warning' : 'plain',
      detail: `margin ${(margin[query] as number).toPrecision(2)}${rows === null ? `, ${certainty(answer, minConfidence)}` : ''}`,
    })),
  });
}

async function writeMatchedRound(
  { round, answers }: RoundQueries,
  { measure, queries, plane, readings }: AskedMatches,
  { cell }: SaveOptions,
): Promise<void> {
  const record: MatchedRound = {
    round,
    measure,
    queries,
    plane,
    labels: answers.map(({ label }) => label),
    readings: readings.map(({ label }) => label),
  };
  await writeFileAtomic(runPaths.matchedRound(cell, round), `${JSON.stringify(record)}\n`);
}

async function writeMatches(
  { round, answers, images }: RoundQueries,
  rows: readonly PoolIndex[],
  { measure, queries, readings, images: synthesised }: AskedMatches,
  { dataset, cell, heading, minConfidence, writeMatchPicture }: SaveOptions,
): Promise<void> {
  const size = imageSize(dataset.shape);
  const imageOf = (bytes: Uint8Array, at: number) => bytes.subarray(at * size, (at + 1) * size);
  const queryOf = ({ distance, uncertainty, neighbours }: MatchedQuery, at: number) => {
    const answer = answers[at] as Answer;
    const reading = readings[at];
    const readable = reading !== undefined && reading.label !== null;
    const disagrees = readable && reading.label !== answer.label;
    const synthesisedImage: CaptionedImage = {
      image: imageOf(synthesised, at),
      caption: {
        title: readingName(reading, dataset),
        detail: `${measure} ${figure(uncertainty.end)}${reading === undefined ? '' : `, ${certainty(reading, minConfidence)}`}`,
        tone: 'plain',
      },
    };
    const matched: CaptionedImage = {
      image: imageOf(images, at),
      caption: {
        title: labelName(answer, dataset),
        detail: `${measure} ${figure(uncertainty.matched)}, distance ${figure(distance)}`,
        tone: disagrees ? 'warning' : 'plain',
      },
    };
    return {
      synthesised: synthesisedImage,
      matched,
      neighbours: neighbours.map((neighbour) => ({
        image: gatherImages(dataset.train.images, dataset.shape, [neighbour.row]),
        caption: { title: '', detail: `distance ${figure(neighbour.distance)}`, tone: 'plain' as const },
        isMatch: neighbour.row === rows[at],
      })),
    };
  };
  await writeMatchPicture(runPaths.queryGrid(cell, round), {
    heading: `${heading}, round ${round}`,
    shape: dataset.shape,
    queries: queries.map(queryOf),
  });
}

function labelName({ label }: Answer, { classNames }: Dataset): string {
  return label === null ? 'abstained' : (classNames[label] as string);
}

/** What the reference reads in a synthesised image, if there is a reference. */
function readingName(reading: Answer | undefined, { classNames }: Dataset): string {
  if (reading === undefined) return 'synthesised';
  return reading.label === null ? 'unreadable' : `looks like ${classNames[reading.label]}`;
}

/** How sure the reference was, and why it abstained although it was sure. */
function certainty({ label, confidence }: Answer, minConfidence: number): string {
  const elsewhere = label === null && confidence >= minConfidence;
  return `${elsewhere ? 'another class' : 'oracle'} ${(100 * confidence).toFixed(1)} %`;
}

function figure(value: number): string {
  return value.toPrecision(2);
}
