/** The entities that code of users names. */
import { inspect } from 'node:util';
import { DatabaseError } from '../../schema/error.ts';
import { Keyword, kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import { findByKey } from '../read/foreign-keys.ts';
import { decodeId } from '../read/global-id.ts';

type Found = number | Error | undefined;

/** By each of the refs its entity, or why it names none: one question for all values of an attribute. */
export async function findEntities(
  database: string,
  snapshot: Snapshot,
  refs: Iterable<unknown>,
): Promise<ReadonlyMap<unknown, Found>> {
  const found = new Map<unknown, Found>();
  const lookups = new Map<Keyword, Array<readonly [ref: unknown, value: EdnData]>>();
  for (const ref of refs) {
    if (found.has(ref)) continue;
    if (!Array.isArray(ref) || ref.length !== 2) {
      found.set(ref, named(database, ref));
      continue;
    }
    const [attribute, value] = ref as ReadonlyArray<EdnData | undefined>;
    const ident = uniqueAttribute(snapshot, attribute);
    found.set(ref, ident instanceof Error ? ident : undefined);
    if (ident instanceof Error || value === null || value === undefined) continue;
    const others = lookups.get(ident);
    if (others === undefined) lookups.set(ident, [[ref, value]]);
    else others.push([ref, value]);
  }
  await Promise.all(
    Array.from(lookups, async ([ident, asked]) => {
      const entityOf = await findByKey(
        snapshot,
        ident,
        asked.map(([, value]) => value),
      );
      for (const [ref, value] of asked) found.set(ref, entityOf(value));
    }),
  );
  return found;
}

function named(database: string, ref: unknown): number | Error {
  if (typeof ref === 'number' && Number.isSafeInteger(ref)) return ref;
  if (typeof ref !== 'string') return noEntity(ref);
  try {
    return decodeId(database, ref);
  } catch {
    return noEntity(ref);
  }
}

function uniqueAttribute({ attributes }: Snapshot, name: unknown): Keyword | Error {
  if (typeof name !== 'string' && !(name instanceof Keyword)) return noEntity(name);
  const ident = typeof name === 'string' ? kw(name) : name;
  if (attributes.get(ident)?.unique !== undefined) return ident;
  return new DatabaseError('INTERNAL', `Expected a unique attribute in a lookup ref, got ${ident}`);
}

/** A fault of the code, so that it is logged and its caller is told no more than that. */
function noEntity(ref: unknown): DatabaseError {
  return new DatabaseError(
    'INTERNAL',
    `Expected the id of an entity of this database, its number or a lookup ref, got ${inspect(ref).slice(0, 100)}`,
  );
}
