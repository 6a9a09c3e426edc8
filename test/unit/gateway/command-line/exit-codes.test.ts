import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Interruption, endingOf } from '../../../../gateway/command-line/ending.ts';
import { EXIT_CODES, exitCodeOf } from '../../../../gateway/command-line/exit-codes.ts';
import type { ErrorCode } from '../../../../schema/error.ts';
import { DatabaseError, ERROR_CODES } from '../../../../schema/error.ts';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('exit codes', () => {
  it('are one of a few for each error', () => {
    const byExit = new Map<number, ErrorCode[]>();
    for (const code of codes)
      byExit.set(exitCodeOf(code), [...(byExit.get(exitCodeOf(code)) ?? []), code]);
    expect(Object.fromEntries(byExit)).toMatchObject({
      1: ['STORE_CORRUPT', 'INTERNAL'],
      3: ['ENTITY_NOT_FOUND', 'NOT_FOUND', 'DATABASE_NOT_FOUND'],
      6: ['OUTCOME_UNKNOWN'],
    });
    expect(byExit.get(2)).toEqual(
      expect.arrayContaining(['BAD_EDN', 'BAD_CONFIG', 'SCHEMA_VIOLATION']),
    );
    expect(byExit.get(4)).toEqual(
      expect.arrayContaining(['DATABASE_EXISTS', 'BRANCH_LOCKED', 'CAS_CONFLICT']),
    );
    expect(byExit.get(5)).toEqual(
      expect.arrayContaining(['STORE_UNAVAILABLE', 'WRITER_UNAVAILABLE']),
    );
    expect(Math.max(...byExit.keys())).toBe(6);
  });

  it('stand in the page about the command line', () => {
    const rows = Object.values(EXIT_CODES).map(({ code, meaning }) => `${code} ${meaning}`);
    const page = readFileSync('docs/command-line.md', 'utf8');
    const shown = Array.from(
      page.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm),
      ([, code, meaning]) => `${code} ${meaning}`,
    );
    expect(shown).toEqual(rows);
  });
});

describe('the end of a command', () => {
  const brokenPipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' });
  const fileError = Object.assign(new Error('ENOENT: no such file'), {
    code: 'ENOENT',
    syscall: 'open',
  });

  it.each([
    [undefined, 0, /^$/],
    [new DatabaseError('CAS_CONFLICT', 'taken'), 4, /^CAS_CONFLICT: taken\n$/],
    [new CommanderError(0, 'commander.help', ''), 0, /^$/],
    [new CommanderError(1, 'commander.unknownCommand', ''), 2, /^$/],
    [new Interruption('SIGINT'), 130, /^Interrupted by SIGINT\n$/],
    [new Interruption('SIGTERM'), 143, /^Interrupted by SIGTERM\n$/],
    [brokenPipe, 0, /^$/],
    [fileError, 1, /^ENOENT: no such file\n$/],
    [
      new TypeError('x is not a function'),
      1,
      /^INTERNAL: TypeError: x is not a function \(at .*\)\n$/,
    ],
  ])('by %s', async (error, code, said) => {
    const errors = new PassThrough();
    const work = (): Promise<void> =>
      error === undefined ? Promise.resolve() : Promise.reject(error);
    expect(await endingOf(work, errors)).toBe(code);
    expect(String(errors.read() ?? '')).toMatch(said);
  });
});
