/**
 * Attributes as integers, so that datoms and index columns hold numbers. An attribute is named in one of two ways, by the whole database:
 *
 * - by its ident: a place in a table of this process only, given in order of first use and of no order itself; stored nodes hold the name;
 * - by its entity, where the database was made with `attribute-refs?`: the entity id, negative.
 */
import type { Keyword } from '../../schema/keyword.ts';
import { must } from '../shared/assert.ts';

const numbers = new Map<Keyword, number>();
const idents: Keyword[] = [];
const sortKeys: string[] = [];

/** The number of an attribute that is named by its ident. */
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

/** The number of an attribute that is named by its entity. */
export function attributeNumberOfEntity(id: number): number {
  return -id;
}

/** What names the attribute in its database: its ident or its entity. */
export function attributeName(number: number): Keyword | number {
  return number < 0 ? -number : must(idents[number], 'a number that attributeNumber gave');
}

/** Orders attributes as Datahike does: idents as keywords, entities by their ids. */
export function compareAttributes(a: number, b: number): number {
  if (a === b) return 0;
  if (a < 0) return b - a;
  const left = sortKeys[a] ?? '';
  const right = sortKeys[b] ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}
