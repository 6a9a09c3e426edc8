import { expect, it } from 'vitest';
import { toDatabaseError } from '../../../../engine/store/postgres/faults.ts';

const faultOf = (code: string, severity: string): Error =>
  Object.assign(new Error('words of the server'), { code, severity });

it.each([
  ['53000', 'ERROR', 'is short of something: words of the server (53000); nothing was written'],
  ['53100', 'ERROR', 'has no room left on its disk (53100); nothing was written: free or add some'],
  ['53100', 'PANIC', 'has no room left on its disk (53100), and ended the connection: free or add'],
  ['53200', 'ERROR', 'has no memory left (53200); nothing was written: lower shared_buffers'],
  ['53300', 'FATAL', 'has no connection left (53300); nothing was written: raise max_connections'],
  ['53400', 'ERROR', 'is short of something: words of the server (53400); nothing was written'],
])('%s (%s) says what the server is short of, and what to do', (code, severity, message) => {
  expect(toDatabaseError(faultOf(code, severity))).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining(`PostgreSQL ${message}`) as string,
    data: { state: code },
  });
});
