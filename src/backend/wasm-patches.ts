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
 * Writes `windows[(u, v, c), p] = images[n, s o_h + u - pad, s o_w + v - pad, c]` for positions `p = (n, o_h, o_w)`,
 * zero outside the image.
 *
 * @param images `[n, inHeight, inWidth, channels]`
 * @param windows `[filterHeight filterWidth channels, n outHeight outWidth]`, overwritten
 */
export function gatherTaps(images: Float32Array, windows: Float32Array, info: ConvInfo): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info;
  const stride = info.strideWidth * inChannels;
  windows.fill(0);
  let window = 0;
  for (let tap = 0; tap < filterHeight * filterWidth * inChannels; tap++) {
    const channel = tap % inChannels;
    const left = (Math.floor(tap / inChannels) % filterWidth) - info.padInfo.left;
    const top = Math.floor(tap / (inChannels * filterWidth)) - info.padInfo.top;
    // Outputs whose tap lies inside the image.
    const first = Math.max(0, Math.ceil(-left / info.strideWidth));
    const end = Math.min(outWidth, Math.floor((inWidth - 1 - left) / info.strideWidth) + 1);
    for (let n = 0; n < batchSize; n++) {
      for (let outRow = 0; outRow < outHeight; outRow++, window += outWidth) {
        const row = outRow * info.strideHeight + top;
        if (row < 0 || row >= inHeight) continue;
        let pixel = ((n * inHeight + row) * inWidth + first * info.strideWidth + left) * inChannels + channel;
        for (let i = first; i < end; i++, pixel += stride) windows[window + i] = images[pixel] as number;
      }
    }
  }
}

/**
 * Adds every entry of windows, one a row, to the pixel it comes from.
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
