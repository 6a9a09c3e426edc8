import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ProgressMode } from '../../../../gateway/command-line/progress.ts';
import { progressLine, startProgress } from '../../../../gateway/command-line/progress.ts';

describe('a line of progress', () => {
  it.each([
    [0, `Exporting [${'·'.repeat(24)}]   0 %  n of m`],
    [0.25, `Exporting [${'#'.repeat(6)}${'·'.repeat(18)}]  25 %  n of m, 0:30 left`],
    [0.999, `Exporting [${'#'.repeat(23)}·]  99 %  n of m, 0:00 left`],
    [1, `Exporting [${'#'.repeat(24)}] 100 %  n of m, 0:00 left`],
    [7, `Exporting [${'#'.repeat(24)}] 100 %  n of m, 0:00 left`],
    [undefined, 'Exporting n of m, 0:10'],
  ])('draws %d', (part, line) => {
    expect(progressLine('Exporting', { text: 'n of m', part }, 10_000, 80)).toBe(line);
  });

  it('leaves the last column free', () => {
    expect(progressLine('Verifying', { text: 'x'.repeat(50) }, 4_000_000, 20)).toBe(
      `Verifying ${'x'.repeat(8)}…`,
    );
    expect(progressLine('Verifying', { text: 'x' }, 4_000_000, 40)).toBe('Verifying x, 1:06:40');
  });
});

describe('progress', () => {
  function shown(mode: ProgressMode, isTTY: boolean): string {
    let text = '';
    const errors = Object.assign(new PassThrough(), { isTTY, columns: 30 });
    errors.on('data', (chunk: Buffer) => (text += chunk.toString()));
    let now = 0;
    const progress = startProgress(errors, mode, 'Verifying', () => now);
    for (let i = 0; i < 50; i++, now += 50) progress.on({ text: `${i} nodes` });
    progress.say('a fault');
    progress.end();
    errors.read();
    return text;
  }

  it('is drawn on a terminal, with what is said above it', () => {
    const drawn = shown('auto', true);
    expect(drawn.startsWith('\rVerifying 0 nodes, 0:00\x1b[K\rVerifying 2 nodes, 0:00\x1b[K')).toBe(
      true,
    );
    expect(drawn.endsWith('\r\x1b[Ka fault\nVerifying 48 nodes, 0:02\r\x1b[K')).toBe(true);
  });

  it('is nothing where there is no terminal, or none is wanted', () => {
    expect([shown('auto', false), shown('none', true)]).toEqual(['a fault\n', 'a fault\n']);
  });

  it('is a line now and then where that is wanted', () => {
    expect(shown('plain', true)).toBe('Verifying: 40 nodes\na fault\n');
  });
});
