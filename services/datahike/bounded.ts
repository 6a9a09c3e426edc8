/** What comes one by one, within the limits of a request. */
import type { QueryLimits } from '../../engine/index.ts';
import { DatabaseError, giveWay } from '../../engine/index.ts';

/** After so many others have their turn. */
const PER_TURN = 5_000;

/**
 * Each that comes, without keeping others from their turn.
 *
 * @throws DEADLINE_EXCEEDED, CANCELLED, LIMIT_EXCEEDED where more come than rows are allowed
 */
export async function* bounded<T>(
  coming: AsyncIterable<T>,
  { timeoutMs = Infinity, deadlineMs = Infinity, maxRows = Infinity, signal }: QueryLimits,
): AsyncIterable<T> {
  const endMs = Math.min(deadlineMs, performance.now() + timeoutMs);
  let count = 0;
  for await (const each of coming) {
    if (++count > maxRows)
      throw new DatabaseError(
        'LIMIT_EXCEEDED',
        `Expected at most ${maxRows} datoms; ask for fewer`,
        {
          data: { which: 'rows', limit: maxRows },
        },
      );
    yield each;
    if (count % PER_TURN !== 0) continue;
    await giveWay();
    if (performance.now() > endMs)
      throw new DatabaseError('DEADLINE_EXCEEDED', 'The time was over before all datoms were read');
    if (signal?.aborted === true) throw new DatabaseError('CANCELLED', 'Nobody waits for it');
  }
}
