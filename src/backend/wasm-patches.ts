/**
 * Convolution windows of images with few channels, as rows of a matrix and back.
 *
 * The built-in convolutions work on eight channels at a time; for images of one or three channels a matrix
 * product over written-out windows is several times faster. Memory of the window matrix: `4 n outHeight
 * outWidth filterHeight filterWidth channels` bytes.
 */
import type * as tf from '@tensorflow/tfjs';

/** The sizes of a convolution, as `tf.backend_util.computeConv2DInfo` gives them. */
export type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** Below this many image channels the window matrix is the faster way. */
export const FEW_CHANNELS = 8;

/**
 * Writes `windows[p, (u, v, c)] = images[n, s o_h + u - pad, s o_w + v - pad, c]` for positions
 * `p = (n, o_h, o_w)`, zero outside the image.
 *
 * @param images `[n, inHeight, inWidth, channels]`
 * @param windows `[n outHeight outWidth, filterHeight filterWidth channels]`, overwritten
 */
export function gatherWindows(images: Float32Array, windows: Float32Array, info: ConvInfo): void {
  forEachRun(info, (image, window, length) => {
    for (let i = 0; i < length; i++) windows[window + i] = images[image + i] as number;
  });
}

/**
 * The adjoint: adds every entry of `windows` to the pixel it came from.
 *
 * @param images `[n, inHeight, inWidth, channels]`, overwritten
 * @param windows `[n outHeight outWidth, filterHeight filterWidth channels]`
 */
export function scatterWindows(windows: Float32Array, images: Float32Array, info: ConvInfo): void {
  images.fill(0);
  forEachRun(info, (image, window, length) => {
    for (let i = 0; i < length; i++) {
      images[image + i] = (images[image + i] as number) + (windows[window + i] as number);
    }
  });
}

/** Visits every stretch of a window row that lies inside the image: its start in both, and its length. */
function forEachRun(info: ConvInfo, visit: (image: number, window: number, length: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info;
  const windowRow = filterWidth * inChannels;
  let window = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const top = outRow * info.strideHeight - info.padInfo.top;
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const left = outColumn * info.strideWidth - info.padInfo.left;
        const first = Math.max(0, -left);
        const length = (Math.min(filterWidth, inWidth - left) - first) * inChannels;
        for (let u = 0; u < filterHeight; u++, window += windowRow) {
          const row = top + u;
          if (row < 0 || row >= inHeight || length <= 0) continue;
          const image = ((n * inHeight + row) * inWidth + left + first) * inChannels;
          visit(image, window + first * inChannels, length);
        }
      }
    }
  }
}
