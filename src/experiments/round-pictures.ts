/**
 * What the pictures of a round show; drawn by whoever carries the experiment out.
 */
import type { Reconstructions } from '../acquisition/reconstructions.ts';
import type { ImageShape } from '../datasets/dataset.ts';

/** Words under an image. */
export interface Caption {
  readonly title: string;
  readonly detail: string;
  /** `warning` for an answer that was paid for and gave nothing, or that disagrees. */
  readonly tone: 'plain' | 'warning';
}

/** What was asked and answered. */
export interface QueryPicture {
  readonly heading: string;
  readonly images: Uint8Array;
  readonly shape: ImageShape;
  readonly captions: readonly Caption[];
  /** What the captions mean, under the heading; a sentence on answers and margins if left out. */
  readonly note?: string;
}

/** Synthesised images beside what was bought in their place, a row of the picture each. */
export interface MatchPicture {
  readonly heading: string;
  readonly shape: ImageShape;
  readonly queries: readonly {
    readonly synthesised: CaptionedImage;
    /** The row bought, and its label. */
    readonly matched: CaptionedImage;
    /** The candidates nearest to the synthesised image, nearest first; the one bought may be among them. */
    readonly neighbours: readonly (CaptionedImage & { readonly isMatch: boolean })[];
  }[];
}

/** Images of both pools beside what an autoencoder makes of them. */
export interface ReconstructionPicture extends Reconstructions {
  readonly heading: string;
  readonly shape: ImageShape;
}

export interface CaptionedImage {
  /** Bytes `[height, width, channels]`. */
  readonly image: Uint8Array;
  readonly caption: Caption;
}
