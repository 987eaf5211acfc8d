/**
 * What a cell keeps of a round's queries: pictures for people, images for the replay of synthesised queries, and what a
 * report tells of matches. All is written before the round's record, and written again if the round is taken again.
 */
import { setImmediate } from 'node:timers/promises';
import type { AskedMatches } from '../acquisition/asking.ts';
import type { ExtraImages } from '../acquisition/extra-training.ts';
import type { RoundQueries } from '../acquisition/loop.ts';
import type { MatchedQuery, MatchedRound } from '../acquisition/matched-queries.ts';
import type { Answer } from '../acquisition/round-record.ts';
import { writeFileAtomic } from '../atomic-write.ts';
import { margins, scoreImages } from '../classifiers/predict.ts';
import { type Dataset, gatherImages, imageSize } from '../datasets/dataset.ts';
import type { PoolIndex } from '../shapes.ts';
import type { CaptionedImage, MatchPicture, QueryPicture, ReconstructionPicture } from './round-pictures.ts';
import { runPaths, writeImagesNpy } from './run-folder.ts';

/** Images in a line of a picture. */
const COLUMNS = 5;
/** Extra training images that a picture shows: few enough to look at, in whole lines. */
const EXTRAS_SHOWN = 25;

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
  if (queries.extra !== undefined) await writeExtra(round, queries.extra, options);
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

/** Extra training images: all bytes of synthesised ones, and a picture of the first, beside what each was made of. */
async function writeExtra(
  round: number,
  { images, origins, rows, labels }: ExtraImages,
  { dataset, cell, heading, writeQueryPicture }: SaveOptions,
): Promise<void> {
  const size = imageSize(dataset.shape);
  if (rows === undefined) await writeImagesNpy(runPaths.extraImages(cell, round), images, dataset.shape);
  if (labels.length === 0) return;
  const shown = labels.slice(0, EXTRAS_SHOWN);
  const pictured: { image: Uint8Array; label: number; detail: string }[] = [];
  const show = (bytes: Uint8Array, first: number, detail: string) =>
    shown.slice(first, first + COLUMNS).forEach((label, place) => {
      const at = (first + place) * size;
      pictured.push({ image: bytes.subarray(at, at + size), label, detail });
    });
  // A line of images that were bought, below it a line of what was made of them.
  for (let first = 0; first < shown.length; first += COLUMNS) {
    if (origins !== undefined) show(origins, first, 'bought');
    show(images, first, origins === undefined ? 'label of the model' : 'made of it');
  }
  await writeQueryPicture(runPaths.extraGrid(cell, round), {
    heading: `${heading}, round ${round}: ${shown.length} of ${labels.length} extra training images`,
    images: Uint8Array.from(pictured.flatMap(({ image }) => [...image])),
    shape: dataset.shape,
    note:
      rows === undefined
        ? 'Nobody was asked about the images made: they have the label bought for the image that they were made of.'
        : 'Nobody was asked about these images of the pool: the task model gave them their labels, for this round.',
    captions: pictured.map(({ label, detail }) => ({
      title: dataset.classNames[label] as string,
      detail,
      tone: 'plain',
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
