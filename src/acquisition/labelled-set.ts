/**
 * The images and labels a task model is trained on, in the order they were bought: pool images and
 * synthesised ones alike.
 */
import type { Split } from '../datasets/dataset.ts';

/** A growing training set. It holds copies of the images it is given. */
export class LabelledSet {
  readonly #imageSize: number;
  readonly #images: Uint8Array[] = [];
  readonly #labels: number[] = [];

  /** @param imageSize bytes an image, height x width x channels */
  constructor(imageSize: number) {
    this.#imageSize = imageSize;
  }

  get n(): number {
    return this.#labels.length;
  }

  /**
   * Adds the images that have a label; those whose label is null (an oracle that abstained) are left out.
   *
   * @param images bytes `[labels.length, height, width, channels]`; copied
   */
  add(images: Uint8Array, labels: readonly (number | null)[]): void {
    if (images.length !== labels.length * this.#imageSize) {
      throw new RangeError(
        `LabelledSet.add.images: expected ${labels.length} images of ${this.#imageSize} bytes, got ${images.length} bytes`,
      );
    }
    labels.forEach((label, row) => {
      if (label === null) return;
      this.#images.push(images.slice(row * this.#imageSize, (row + 1) * this.#imageSize));
      this.#labels.push(label);
    });
  }

  /** All of it as one split, a copy. */
  toSplit(): Split {
    const images = new Uint8Array(this.n * this.#imageSize);
    this.#images.forEach((image, row) => {
      images.set(image, row * this.#imageSize);
    });
    return { images, labels: Uint8Array.from(this.#labels), n: this.n };
  }
}
