/** How many streams and WebSockets are open at a time, in all and for each caller: each costs memory for as long as it lasts. */
import { DatabaseError } from '../../schema/error.ts';

export interface StreamLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerCaller: number;
}

export type Release = () => void;

export class StreamSlots {
  readonly #limits: StreamLimits;
  readonly #openByCaller = new Map<string, number>();
  #open = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Takes a place among all; undefined where there is none. */
  take(): Release | undefined {
    if (this.#open >= this.#limits.maxStreams) return undefined;
    this.#open += 1;
    return once(() => (this.#open -= 1));
  }

  /** Takes a place among those of a caller. @throws RATE_LIMITED */
  takeFor(caller: string): Release {
    const { maxStreamsPerCaller } = this.#limits;
    const open = this.#openByCaller.get(caller) ?? 0;
    if (open >= maxStreamsPerCaller)
      throw new DatabaseError(
        'RATE_LIMITED',
        `Expected at most ${maxStreamsPerCaller} streams of one caller at a time; end one of them first`,
      );
    this.#openByCaller.set(caller, open + 1);
    return once(() => {
      const rest = (this.#openByCaller.get(caller) ?? 1) - 1;
      if (rest > 0) this.#openByCaller.set(caller, rest);
      else this.#openByCaller.delete(caller);
    });
  }
}

function once(release: () => void): Release {
  let isDone = false;
  return () => {
    if (!isDone) release();
    isDone = true;
  };
}
