/** The checker finds what it is there to find. */
import { expect, it } from 'vitest';
import { checkLists } from '../../faults/checker.ts';
import type { ListTransaction } from '../../faults/history.ts';

/** `r x 1 2` reads, `w x 3` appends; times are given, or one after the other. */
function transaction(
  session: string,
  text: string,
  [startMs, endMs]: readonly [number, number],
  change: Partial<ListTransaction> = {},
): ListTransaction {
  const ops = text.split(', ').map((op) => op.split(' '));
  return {
    session,
    startMs,
    endMs,
    outcome: 'ok',
    isCurrent: true,
    reads: ops
      .filter(([kind]) => kind === 'r')
      .map(([, key, ...values]) => ({ key: key!, values })),
    appends: ops
      .filter(([kind]) => kind === 'w')
      .map(([, key, value]) => ({ key: key!, value: value! })),
    ...change,
  };
}

const lists = (text: Readonly<Record<string, string>>): ReadonlyMap<string, string[]> =>
  new Map(Object.entries(text).map(([key, values]) => [key, values.split(' ')]));

const XY = lists({ x: '1 2', y: '3' });

it('finds nothing where there is an order', () => {
  const history = [
    transaction('a', 'r x, w x 1', [0, 10]),
    transaction('b', 'r x 1, w x 2', [11, 20]),
    transaction('a', 'r y, w y 3', [12, 22]),
    transaction('c', 'r x 1 2, r y 3', [23, 30]),
    transaction('c', 'w y 9', [31, 40], { outcome: 'failed' }),
    transaction('d', 'w x 8', [31, 40], { outcome: 'unknown' }),
  ];
  expect(checkLists(history, XY)).toEqual([]);
});

it('lets a session that need not be current be behind others, and not behind itself', () => {
  const behind = { isCurrent: false };
  const writes = [
    transaction('a', 'w x 1', [0, 10]),
    transaction('a', 'r x 1, w x 2', [11, 20]),
    transaction('a', 'w y 3', [21, 30]),
  ];
  const older = transaction('b', 'r x 1', [40, 41], behind);
  const newer = transaction('b', 'r x 1 2', [42, 43], behind);
  expect(checkLists([...writes, older, newer], XY)).toEqual([]);
  expect(checkLists([...writes, newer, { ...older, startMs: 44, endMs: 45 }], XY)).toHaveLength(1);
});

it('lets a write of which nothing is known happen after its client read on, and not before what that did first', () => {
  const unknown = { outcome: 'unknown', isCurrent: false } as const;
  const wrote = transaction('a', 'r x, w x 1', [0, 10]);
  const lost = transaction('a', 'r x 1, w x 2', [11, 20], unknown);
  const read = transaction('a', 'r x 1', [21, 30]);
  expect(checkLists([wrote, lost, read], lists({ x: '1 2' }))).toEqual([]);
  expect(checkLists([read, { ...lost, outcome: 'ok' }, read], lists({ x: '1 2' }))).toEqual([
    expect.stringContaining('a cycle'),
  ]);
  const seen = transaction('a', 'r x 1 2', [0, 10]);
  expect(checkLists([seen, lost], lists({ x: '1 2' }))).toEqual([
    'a cycle: a(r x[1], w x 2, unknown) -> a(r x[2])',
  ]);
});

it.each<readonly [string, ReadonlyArray<ListTransaction>, RegExp]>([
  [
    'an acknowledged write that is lost',
    [transaction('a', 'w x 7', [0, 10])],
    /^lost: .*"7".* of a was acknowledged/,
  ],
  [
    'a refused write that is there',
    [transaction('a', 'w x 1', [0, 10], { outcome: 'failed' })],
    /^a ghost/,
  ],
  ['half of a transaction', [transaction('a', 'w x 1, w y 7', [0, 10])], /^half of a transaction/],
  [
    'an order of writes that was seen otherwise',
    [transaction('a', 'r x 2 1', [0, 10])],
    /read 2 at 0 of x, where 1 is/,
  ],
  [
    'a stale read',
    [transaction('a', 'w x 1', [0, 10]), transaction('b', 'r x', [20, 30])],
    /^a cycle/,
  ],
  [
    'write skew',
    [
      transaction('w', 'w x 1', [0, 10]),
      transaction('a', 'r y, r x 1, w x 2', [20, 40]),
      transaction('b', 'r x 1, w y 3', [20, 40]),
    ],
    /^a cycle/,
  ],
  [
    'a read in the middle of a transaction',
    [
      transaction('w', 'w x 1', [0, 10]),
      transaction('a', 'w x 2, w y 3', [20, 40]),
      transaction('b', 'r x 1, r y 3', [20, 40]),
    ],
    /^a cycle/,
  ],
  [
    'two writers, each before the other',
    [
      transaction('w', 'w x 1, w y 3', [0, 40]),
      transaction('a', 'r x 1, w x 2', [0, 40]),
      transaction('b', 'r x 1 2, r y', [0, 40]),
    ],
    /^a cycle/,
  ],
])('finds %s', (_what, history, message) => {
  const faults = checkLists(history, XY);
  expect(faults.length).toBeGreaterThan(0);
  expect(faults[0]).toMatch(message);
});

it('finds a value that was appended twice', () => {
  expect(checkLists([], lists({ x: '1 1' }))).toEqual(['1 was appended twice']);
});
