/**
 * Sessions of graphs whose step is gone, kept for the next step that does the same.
 *
 * Loading a graph and having TensorFlow optimise it takes 0.1 s. A search for each round of active learning makes the
 * same graph each time, of another classifier's weights: tensors from outside are fed and so no part of it. Two steps
 * get the same session only if their graphs are equal in every byte, constants included, and never at the same time.
 */
import { type NativeEngine, nativeEngine } from './binding.ts';
import { GraphSession } from './session.ts';

/** Sessions kept at most; the one that has not been used for longest goes first. */
const MOST_IDLE = 4;

interface Kept {
  readonly engine: NativeEngine;
  readonly content: Uint8Array;
  readonly session: GraphSession;
}

/** The longest idle first. */
const idle: Kept[] = [];

/** A session in use. */
export interface LentSession {
  readonly session: GraphSession;
  /** Ends the use. What the session's resources hold is lost. */
  giveBack(): void;
}

/**
 * Takes an idle session of a graph, if there is one.
 *
 * @param content the graph's file, as `savedModel` makes it
 */
export function idleSession(content: Uint8Array): LentSession | undefined {
  const engine = nativeEngine();
  const place = idle.findIndex(
    (kept) => kept.engine === engine && Buffer.compare(kept.content, content) === 0,
  );
  const [found] = place < 0 ? [] : idle.splice(place, 1);
  return found && lent(found);
}

/**
 * A session of a graph.
 *
 * @param content the graph's file, as `savedModel` makes it
 * @param isKept whether it becomes idle when it is given back; otherwise it is freed
 * @throws Error if TensorFlow takes the graph to be none
 */
export function newSession(content: Uint8Array, isKept: boolean): LentSession {
  const session = new GraphSession(content);
  return isKept
    ? lent({ engine: nativeEngine(), content, session })
    : { session, giveBack: () => session.dispose() };
}

/** Frees all idle sessions. */
export function freeIdleSessions(): void {
  for (const { session } of idle.splice(0)) session.dispose();
}

function lent(kept: Kept): LentSession {
  return {
    session: kept.session,
    giveBack: () => {
      idle.push(kept);
      if (idle.length > MOST_IDLE) idle.shift()?.session.dispose();
    },
  };
}
