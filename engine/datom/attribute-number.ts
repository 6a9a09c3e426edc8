/**
 * Attributes as small integers, so that datoms and index columns hold numbers. A table of this process only: stored nodes hold the
 * names. Numbers are given in order of first use and carry no order; {@link compareAttributes} does.
 */
import type { Keyword } from '../../schema/keyword.ts';
import { must } from '../shared/assert.ts';

const numbers = new Map<Keyword, number>();
const idents: Keyword[] = [];
const sortKeys: string[] = [];

export function attributeNumber(ident: Keyword): number {
  let number = numbers.get(ident);
  if (number === undefined) {
    number = idents.length;
    numbers.set(ident, number);
    idents.push(ident);
    sortKeys.push(ident.sortKey);
  }
  return number;
}

export function attributeIdent(number: number): Keyword {
  return must(idents[number], 'a number that attributeNumber gave');
}

/** Orders attributes as Datahike orders keywords. */
export function compareAttributes(a: number, b: number): number {
  if (a === b) return 0;
  const left = sortKeys[a] ?? '';
  const right = sortKeys[b] ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}
