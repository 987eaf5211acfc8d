import { describe, expect, test } from 'vitest';
import { catmullRom, drawChain } from '../../src/datasets/stroke-rendering.ts';

function drawn(chain: number[], radius: number, width = 9, height = 9): Float32Array {
  const ink = new Float32Array(width * height);
  drawChain(ink, width, chain, radius);
  return ink;
}

describe('drawing a chain', () => {
  test('gives each pixel clamp(radius + 1/2 - distance, 0, 1)', () => {
    const ink = drawn([2, 4, 6, 4], 1.25);
    const at = (x: number, y: number) => ink[9 * y + x]!;
    expect(at(4, 4)).toBe(1);
    expect(at(4, 5)).toBeCloseTo(0.75, 6);
    expect(at(4, 6)).toBe(0);
    expect(at(7, 4)).toBeCloseTo(0.75, 6); // one past the end: a round cap
    expect(at(7, 5)).toBeCloseTo(1.75 - Math.SQRT2, 6);
    expect(at(8, 4)).toBe(0);
  });

  test('agrees with the distance to a slanted segment, pixel by pixel', () => {
    const [ax, ay, bx, by] = [1.3, 7.1, 6.2, 2.4];
    const ink = drawn([ax, ay, bx, by], 0.9);
    for (let y = 0; y < 9; y++) {
      for (let x = 0; x < 9; x++) {
        let distance = Number.POSITIVE_INFINITY;
        for (let i = 0; i <= 20_000; i++) {
          const t = i / 20_000;
          distance = Math.min(distance, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
        }
        expect(ink[9 * y + x]!).toBeCloseTo(Math.max(0, Math.min(1, 1.4 - distance)), 4);
      }
    }
  });

  test('is the same in both directions and in pieces', () => {
    const whole = drawn([1, 2, 7, 5], 1.1);
    expect(drawn([7, 5, 1, 2], 1.1)).toEqual(whole);
    for (const [i, value] of drawn([1, 2, 4, 3.5, 7, 5], 1.1).entries()) {
      expect(value).toBeCloseTo(whole[i]!, 6);
    }
  });

  test('keeps the darker ink where strokes cross', () => {
    const ink = drawn([0, 4, 8, 4], 0.7);
    drawChain(ink, 9, [4, 0, 4, 8], 0.3);
    expect(ink[9 * 4 + 4]).toBe(1);
    expect(ink[9 * 4 + 1]).toBe(1);
    expect(ink[9 * 1 + 4]).toBeCloseTo(0.8, 6);
  });

  test('cuts off what is outside and draws a point as a disc', () => {
    expect(drawn([-20, -20, -10, -10], 2).every((value) => value === 0)).toBe(true);
    const ink = drawn([4, 4, 4, 4], 1);
    expect(ink[9 * 4 + 5]).toBeCloseTo(0.5, 6);
    expect(drawn([8, 8, 12, 8], 1)[80]).toBe(1);
  });
});

describe('a Catmull-Rom curve', () => {
  const control = [0, 0, 1, 3, 4, 2, 5, -1];

  test('goes through its control points', () => {
    const chain = catmullRom(control, false, 5);
    expect(chain.length).toBe(2 * (3 * 5 + 1));
    for (let i = 0; i < 4; i++) {
      expect(chain[10 * i]).toBeCloseTo(control[2 * i]!, 12);
      expect(chain[10 * i + 1]).toBeCloseTo(control[2 * i + 1]!, 12);
    }
  });

  test('is (9 (p1 + p2) - p0 - p3) / 16 half way', () => {
    const chain = catmullRom(control, false, 2);
    // Second span: points 0 to 3 around it; its middle is the fourth point of the chain.
    expect(chain[6]).toBeCloseTo((9 * (1 + 4) - 0 - 5) / 16, 12);
    expect(chain[7]).toBeCloseTo((9 * (3 + 2) - 0 + 1) / 16, 12);
  });

  test('closed, it returns to its start without a corner', () => {
    const chain = catmullRom([1, 0, 0, 1, -1, 0, 0, -1], true, 64);
    expect(chain.slice(-2)).toEqual(chain.slice(0, 2));
    const [startX, startY] = [chain[2]! - chain[0]!, chain[3]! - chain[1]!];
    const [endX, endY] = [chain.at(-2)! - chain.at(-4)!, chain.at(-1)! - chain.at(-3)!];
    const cosine = (startX * endX + startY * endY) / Math.hypot(startX, startY) / Math.hypot(endX, endY);
    expect(cosine).toBeGreaterThan(0.995);
  });

  test('of points on a line stays on it', () => {
    const chain = catmullRom([0, 0, 1, 2, 2, 4], false, 7);
    for (let i = 0; i < chain.length; i += 2) expect(chain[i + 1]).toBeCloseTo(2 * chain[i]!, 12);
  });
});
