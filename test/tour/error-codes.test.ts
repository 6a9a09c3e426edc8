import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ErrorCode } from '../../schema/error.ts';
import { ERROR_CODES, problemType } from '../../schema/error.ts';

it('the README lists every error code with its status and problem type', () => {
  const rows = readFileSync('README.md', 'utf8').matchAll(
    /^\| `([A-Z_]+)` +\| (\d+) +\| (yes)? +\| `…(:[a-z-]+)` +\|/gm,
  );
  const listed = Array.from(rows, ([, code, status, again, type]) => [
    code,
    Number(status),
    again === 'yes',
    `urn:datahike-gateway:error${type}`,
  ]);
  const known = Object.entries(ERROR_CODES).map(([code, { httpStatus, retryable }]) => [
    code,
    httpStatus,
    retryable,
    problemType(code as ErrorCode),
  ]);
  expect(listed).toEqual(known);
});
