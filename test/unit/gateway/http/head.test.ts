import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Head } from '../../../../gateway/http/head.ts';

function headOf(): Head {
  return new Head(new ServerResponse(new IncomingMessage(new Socket())));
}

/** As node writes them, without those that it adds itself. */
function written({ response }: Head): ReadonlyArray<string> {
  const { _header: text } = response as unknown as { readonly _header: string };
  return text.split('\r\n').filter((line) => line.startsWith('x-'));
}

it('writes what was set, the last value of each, in the order in which they came', () => {
  const head = headOf();
  head.setHeader('x-one', '1');
  head.setHeader('x-two', 'x-one');
  head.setHeader('x-one', '3');
  expect(head.getHeader('x-one')).toBe('3');
  expect(head.getHeader('x-three')).toBeUndefined();
  expect(head.headersSent).toBe(false);
  head.begin(200);
  expect(head.headersSent).toBe(true);
  expect(written(head)).toEqual(['x-one: 3', 'x-two: x-one']);
});

it('hands over to the response what was set, and what is set afterwards', () => {
  const head = headOf();
  head.setHeader('x-one', '1');
  const response = head.handOver();
  head.setHeader('x-two', '2');
  response.setHeader('x-three', '3');
  expect(head.getHeader('x-three')).toBe('3');
  expect(response.getHeaders()).toEqual({ 'x-one': '1', 'x-two': '2', 'x-three': '3' });
});

it('refuses what cannot be a header, as node does', () => {
  const head = headOf();
  head.setHeader('x-one', 'a\r\nx-two: b');
  expect(() => head.begin(200)).toThrow(/Invalid character/);
});
