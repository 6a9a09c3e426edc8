import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../schema/error.ts';

it('the README lists every error code with its status', () => {
  const rows = readFileSync('README.md', 'utf8').matchAll(
    /^\| `([A-Z_]+)` +\| (\d+) +\| (yes)? *\|/gm,
  );
  const listed = Array.from(rows, ([, code, status, again]) => [
    code,
    Number(status),
    again === 'yes',
  ]);
  const known = Object.entries(ERROR_CODES).map(([code, { httpStatus, retryable }]) => [
    code,
    httpStatus,
    retryable,
  ]);
  expect(listed).toEqual(known);
});
