/**
 * A small training whose step can be taken as a graph, and what a step leaves behind.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../../../src/backend/adam.ts';
import { type GraphStep, graphStep } from '../../../src/backend/graph-step.ts';
import { rootStream } from '../../../src/random.ts';

interface Counts {
  getNumOfTFTensors(): number;
  getNumOfSavedModels(): number;
}

/** What is held, by TensorFlow.js and by TensorFlow itself. */
export const counts = () => {
  const { getNumOfTFTensors, getNumOfSavedModels } = tf.backend() as unknown as Counts;
  return {
    tensors: tf.memory().numTensors,
    native: getNumOfTFTensors.call(tf.backend()),
    graphs: getNumOfSavedModels.call(tf.backend()),
  };
};

const stream = rootStream(5);
export const rowsOf = (name: string, n: number) =>
  tf.tensor2d(stream.of('rows', name).normals(3 * n), [n, 3]);

export type Batch = { readonly rows: tf.Tensor2D };
export type Losses = { readonly loss: tf.Scalar };

export const variable = (make: () => tf.Tensor) => tf.tidy(() => tf.variable(make()));

/** A regression of two layers, with a running mean of what it sees. */
export class Regression {
  readonly first = variable(() => tf.tensor2d(stream.of('first').normals(12), [3, 4]));
  readonly second = variable(() => tf.tensor2d(stream.of('second').normals(4), [4, 1]));
  readonly mean = variable(() => tf.zeros([3]));
  readonly adam = new Adam({ first: this.first, second: this.second }, { learningRate: 0.05 });
  readonly step = ({ rows }: Batch): Losses =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const hidden = tf.softplus(tf.matMul(rows, this.first as tf.Tensor as tf.Tensor2D));
        const errors = tf.sub(tf.matMul(hidden, this.second as tf.Tensor as tf.Tensor2D), 1);
        return tf.mean(tf.square(errors)) as tf.Scalar;
      }, [this.first, this.second]);
      this.adam.apply(grads);
      this.mean.assign(tf.add(tf.mul(this.mean, 0.9), tf.mul(tf.mean(rows, 0), 0.1)));
      return { loss: value };
    });
  readonly graph = graphStep(this.step);

  async take(step: (batch: Batch) => Losses, rows: tf.Tensor2D): Promise<number> {
    const { loss } = step({ rows });
    const [value] = await loss.data();
    loss.dispose();
    return value as number;
  }

  async values(): Promise<Record<string, number[]>> {
    const { step, moments } = await this.adam.state();
    const variables = { first: this.first, second: this.second, mean: this.mean };
    const entries = await Promise.all(
      Object.entries(variables).map(async ([name, variable]) => [name, [...(await variable.data())]]),
    );
    const ofMoments = Object.entries(moments).map(([name, values]) => [name, [...values]]);
    return { ...Object.fromEntries([...entries, ...ofMoments]), step: [step] };
  }

  dispose(): void {
    this.graph.dispose();
    this.adam.dispose();
    tf.dispose([this.first, this.second, this.mean]);
  }
}

/** The values of what a step returns, which is disposed. */
export async function read(step: GraphStep<Batch, Readonly<Record<string, tf.Tensor>>>, rows: tf.Tensor2D) {
  const values: number[] = [];
  for (const tensor of Object.values(step({ rows }))) {
    values.push(...(await tensor.data()));
    tensor.dispose();
  }
  return values;
}
