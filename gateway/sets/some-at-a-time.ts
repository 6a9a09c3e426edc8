/** So many databases of a set are opened or read at a time for one question. */
const AT_A_TIME = 8;

/** What some work makes of each thing, beside it: of a few at a time, in their order. @throws what the work throws, and then no more is begun */
export async function someAtATime<T, R>(
  things: ReadonlyArray<T>,
  work: (thing: T) => Promise<R>,
): Promise<ReadonlyArray<R>> {
  const results: R[] = [];
  const waiting = things.entries();
  let isOver = false;
  const goOn = async (): Promise<void> => {
    for (const [place, thing] of waiting) {
      if (isOver) return;
      results[place] = await work(thing);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, things.length) }, goOn));
    return results;
  } finally {
    isOver = true;
  }
}
