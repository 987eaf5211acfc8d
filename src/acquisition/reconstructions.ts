/**
 * What a strategy's autoencoder makes of some images of a round: for pictures, never for training.
 */

/** Images, and the same as the autoencoder gives them back. */
export interface ReconstructedImages {
  /** Bytes `[n, height, width, channels]`. */
  readonly images: Uint8Array;
  /** Bytes `[n, height, width, channels]`, decoded from the mean of each image's code. */
  readonly decoded: Uint8Array;
  /** Whether the autoencoder was not trained on them. */
  readonly heldOut: boolean;
}

/** A round's reconstructions, of at least one image each. */
export interface Reconstructions {
  readonly labelled: ReconstructedImages;
  readonly unlabelled: ReconstructedImages;
}
