/** The one place where a transaction meets its conditions, whether it is written or only tried. */
import type { Db, Projection, Suspended, TxReport } from '../../engine/index.ts';
import {
  DatabaseError,
  awaiting,
  entityVersions,
  project,
  q,
  resolveEntityId,
  transact,
} from '../../engine/index.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import type { Condition, Refusal } from './conditions.ts';
import type { TransactRequest } from './writer-port.ts';

/**
 * Applies a transaction where its conditions hold.
 *
 * @throws CAS_CONFLICT, UNIQUE_CONFLICT, ENTITY_NOT_FOUND, NOT_FOUND, or the refusal of a condition; and as `transact`
 */
export function* transactIf(
  db: Db,
  { txData, txMeta, conditions = [] }: TransactRequest,
  now: Date,
): Suspended<TxReport> {
  for (const condition of conditions)
    if (!isOfAfter(condition)) yield* awaiting(check(condition, db, NO_TEMPIDS));
  const request = txMeta === undefined ? { txData, now } : { txData, txMeta, now };
  const report = yield* transact(db, request);
  for (const condition of conditions)
    if (isOfAfter(condition)) yield* awaiting(check(condition, report.dbAfter, report.tempids));
  return report;
}

const NO_TEMPIDS: TxReport['tempids'] = new Map();

function isOfAfter(condition: Condition): boolean {
  return condition.kind === 'matches' && condition.when === 'after';
}

async function check(condition: Condition, db: Db, tempids: TxReport['tempids']): Promise<void> {
  switch (condition.kind) {
    case 'version':
      return checkVersion(condition, db);
    case 'holder':
      return checkHolder(condition, db);
    case 'values':
      return checkValues(condition, db);
    case 'has':
      return checkHas(condition, db);
    case 'matches':
      return checkMatches(condition, db, tempids);
    case 'basis':
      return checkBasis(condition, db);
    case 'never':
      throw new DatabaseError('NOT_FOUND', 'Nothing was written under the key of the request');
  }
}

type ConditionOf<Kind extends Condition['kind']> = Extract<Condition, { kind: Kind }>;

async function checkVersion(
  { entity, version: expected }: ConditionOf<'version'>,
  db: Db,
): Promise<void> {
  const [version = 0] = await entityVersions(db, [entity]);
  if (version === expected) return;
  throw new DatabaseError(
    'CAS_CONFLICT',
    `The write expects version ${expected} of the entity, which has version ${version}`,
    { data: { entity, expected, version } },
  );
}

async function checkHolder(
  { attribute, value, entity }: ConditionOf<'holder'>,
  db: Db,
): Promise<void> {
  const holder = (await resolveEntityId(db, [attribute, value])) ?? null;
  if (holder === entity) return;
  const data = { attribute: attribute.toString() };
  throw entity === null
    ? new DatabaseError('UNIQUE_CONFLICT', `Another entity has this ${attribute}`, { data })
    : new DatabaseError('ENTITY_NOT_FOUND', `The entity has this ${attribute} no longer`, { data });
}

async function checkValues(
  { entity, attribute, values }: ConditionOf<'values'>,
  db: Db,
): Promise<void> {
  const found = (await q(VALUES, db, entity, attribute)) as ReadonlyArray<EdnData>;
  const expected = new Set(values.map(valueKey));
  if (found.length === expected.size && found.every((value) => expected.has(valueKey(value))))
    return;
  const name = attribute.toString();
  const [version = 0] = await entityVersions(db, [entity]);
  throw new DatabaseError('CAS_CONFLICT', `${name} is not what the write expects it to be`, {
    data: { entity, attribute: name, version },
  });
}

const VALUES = '[:find [?v ...] :in $ ?e ?a :where [?e ?a ?v]]';

async function checkHas(
  { entity, attributes, refusal }: ConditionOf<'has'>,
  db: Db,
): Promise<void> {
  const { idents } = await project(db, IDENTS, [entity]);
  if (idents[0]?.some((ident) => attributes.includes(ident)) !== true)
    throw refused(refusal, { entity });
}

const IDENTS: Projection = { attributes: [], idents: true };

async function checkMatches(
  { entities, query, inputs, refusal }: ConditionOf<'matches'>,
  db: Db,
  tempids: TxReport['tempids'],
): Promise<void> {
  const asked: EdnData[] = [];
  for (const entity of entities) {
    const id = typeof entity === 'string' ? tempids.get(entity) : await resolveEntityId(db, entity);
    if (id !== undefined) asked.push(id);
  }
  if (asked.length === 0) return;
  const found = new Set((await q(query, db, asked, ...inputs)) as ReadonlyArray<EdnData>);
  const missing = asked.find((entity) => !found.has(entity));
  if (missing !== undefined) throw refused(refusal, { entity: missing });
}

function checkBasis({ tx }: ConditionOf<'basis'>, { maxTx }: Db): void {
  if (maxTx <= tx) return;
  throw new DatabaseError(
    'CAS_CONFLICT',
    `The write expects that ${tx} is the last transaction, but ${maxTx} is`,
    { data: { expected: tx, version: maxTx } },
  );
}

function refused({ code, message, data }: Refusal, more: Refusal['data'] = {}): DatabaseError {
  return new DatabaseError(code, message, { data: { ...data, ...more } });
}
