/** How many types are defined before the event loop gets a turn. */
const TYPES_PER_TURN = 20;

/** Does some work for each type, and lets the event loop have turns between them: so a model of a thousand types does not hold up requests. */
export async function inTurns<T>(types: Iterable<T>, work: (type: T) => void): Promise<void> {
  let count = 0;
  for (const type of types) {
    work(type);
    count += 1;
    if (count % TYPES_PER_TURN === 0) await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
