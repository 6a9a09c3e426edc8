/**
 * Lets asynchronous steps on one mutable thing run one after the other, in the order in which they were asked for.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined); // the caller of that step hears of it, the next one need not
    return result;
  }
}
