/** Named sets of databases: which ones each has, and what is wrong with it. */
import { DatabaseError } from '../../schema/error.ts';

/** By the names of sets: names of databases, in which `*` stands for any characters. */
export type DatabaseSets = Readonly<Record<string, ReadonlyArray<string>>>;

export interface KnownDatabases {
  has(name: string): boolean;
  names(): Iterable<string>;
}

/** Those of a set that there are now, in the order of their names. */
export function databasesOf(
  patterns: ReadonlyArray<string>,
  databases: KnownDatabases,
): ReadonlyArray<string> {
  const tests = patterns.map(testOf);
  const found = Array.from(databases.names()).filter((name) => tests.some((test) => test(name)));
  return Array.from(new Set(found)).toSorted();
}

/** @throws BAD_CONFIG for a set that could not be asked, or names what there is not */
export function checkSets(sets: DatabaseSets, databases: KnownDatabases): void {
  for (const [set, patterns] of Object.entries(sets)) {
    if (!/^[\w.-]+$/.test(set))
      throw badSet(
        set,
        `expected a name of letters, digits, points, hyphens and underscores, because it stands in an address`,
      );
    if (databases.has(set))
      throw badSet(
        set,
        'expected another name than that of a database, because both are addresses',
      );
    if (patterns.length === 0) throw badSet(set, 'expected the names of databases, got none');
    const missing = patterns.find((each) => !each.includes('*') && !databases.has(each));
    if (missing !== undefined)
      throw badSet(
        set,
        `expected databases that are served, got '${missing}'; those that come later need a pattern such as '${missing}*'`,
      );
  }
}

function badSet(set: string, problem: string): DatabaseError {
  const key = `api.sets.${set}`;
  return new DatabaseError('BAD_CONFIG', `${key}: ${problem}`, { data: { key } });
}

function testOf(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('.*')}$`, 's');
  return (name) => form.test(name);
}
