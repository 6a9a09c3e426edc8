import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { TableOptions } from '../../../../gateway/command-line/table.ts';
import { tableLines } from '../../../../gateway/command-line/table.ts';
import { cut, displayWidth, visible, widthOf } from '../../../../gateway/command-line/terminal.ts';

async function table(
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string | number>>,
  options?: TableOptions,
): Promise<ReadonlyArray<string>> {
  const cells = rows.map((row) =>
    row.map((value) => ({ text: String(value), isNumber: typeof value === 'number' })),
  );
  const lines: string[] = [];
  for await (const line of tableLines(columns, cells, options)) lines.push(line);
  return lines;
}

describe('a table', () => {
  it('is as wide as it has to be where it is not cut', async () => {
    expect(
      await table(
        ['name', 'n'],
        [
          ['Ada', 7],
          ['x'.repeat(90), 1234],
        ],
      ),
    ).toEqual([
      `name${' '.repeat(88)}n`,
      `${'─'.repeat(90)}  ────`,
      `Ada${' '.repeat(87)}     7`,
      `${'x'.repeat(90)}  1234`,
    ]);
  });

  it('lets the widest columns give way', async () => {
    const lines = await table(['id', 'text', 'more'], [[1, 'x'.repeat(50), 'y'.repeat(20)]], {
      width: 40,
    });
    expect(lines).toEqual([
      `id  text${' '.repeat(15)}more`,
      `──  ${'─'.repeat(17)}  ${'─'.repeat(17)}`,
      ` 1  ${'x'.repeat(16)}…  ${'y'.repeat(16)}…`,
    ]);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40);
  });

  it('has its heading where there is no row', async () => {
    expect(await table(['name'], [])).toEqual(['name', '────']);
    expect(await table(['name'], [], { isBold: true })).toEqual(['\x1b[1mname\x1b[22m', '────']);
  });

  it('measures the first rows alone, so that it can begin', async () => {
    const rows = Array.from({ length: 1_000 }, () => ['a']);
    const lines = await table(['x'], [...rows, ['longer']]);
    expect(lines.slice(0, 3)).toEqual(['x', '─', 'a']);
    expect(lines.at(-1)).toBe('longer');
  });
});

describe('what a terminal shows', () => {
  it.each([
    ['Ada', 3],
    ['東京', 4],
    ['👩‍👩‍👧', 2],
    ['e\u0301', 1],
  ])('takes room: %s', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('is as wide as it says, or 80', () => {
    const stream = new PassThrough();
    expect(widthOf(stream)).toBeUndefined();
    const widths = [60, 0, undefined].map((columns) =>
      widthOf(
        Object.assign(new PassThrough(), {
          isTTY: true,
          ...(columns === undefined ? {} : { columns }),
        }),
      ),
    );
    expect(widths).toEqual([60, 80, 80]);
  });

  it('is cut between characters', () => {
    expect([cut('Tokyo', 5), cut('Tokyo', 4), cut('東京都', 4), cut('東京都', 5)]).toEqual([
      'Tokyo',
      'Tok…',
      '東…',
      '東京…',
    ]);
  });

  it('holds no commands', () => {
    expect(visible('a\nb\u001b[2Jc\u202ed')).toBe('a↵b\\u001b[2Jc\\u202ed');
  });
});
