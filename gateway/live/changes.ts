/**
 * What transactions do to the entities of a type that meet a filter and that the caller may see. Both are decided on the database before a transaction
 * and after it: whoever is among them in neither is not told of, and of one that came or went nothing is told that the caller could not see.
 *
 *     before   after
 *        -       x      ADDED     with what the transaction asserted
 *        x       x      UPDATED   where a field of its own says something else
 *        x       -      REMOVED   and no more
 */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import type { Snapshot, Transaction } from '../../services/reader/reader.ts';
import { answerBody } from '../graphql/operation.ts';
import type { ChangesField } from '../graphql/operation.ts';
import { readScope, requirePresent } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import { readEntities } from '../read/entity-json.ts';
import { List } from '../read/list.ts';
import type { ChangeKind, EntityChange } from '../read/objects/change.ts';
import type { ReadScope } from '../read/scope.ts';
import type { Where } from '../select/selection.ts';
import type { AskedOperation, StreamedAnswer } from './asked-operation.ts';
import { answerLimits, contextFrom, currentContext } from './asked-operation.ts';
import type { End } from './field-diffs.ts';
import { fieldDiffs } from './field-diffs.ts';
import type { WherePoint } from './where-points.ts';
import { concernedBy, wherePoints } from './where-points.ts';

/** A stream that was cut may be gone on with for so long by callers who may not see what was. */
const RESUMABLE_MS = 600_000;

/** After so many transactions that say nothing it is told how far the stream has come. */
const QUIET_TRANSACTIONS = 256;

/** So many changed entities are read together. */
const CHANGES_PER_READ = 100;

/** @throws BAD_USER_INPUT, FORBIDDEN, BASIS_NOT_AVAILABLE, SNAPSHOT_EXPIRED where the store was set back */
export async function* changeAnswers(
  asked: AskedOperation,
  field: ChangesField,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  const { plan } = field;
  const { where, since } = plan.args(asked.variables);
  const position = asked.position ?? since ?? undefined;
  const begun = position === undefined ? undefined : parsePosition(position);
  const minTx = Math.max(asked.minTx ?? 0, begun?.tx ?? 0);
  const context = await currentContext({ ...asked, minTx }, signal);
  requirePresent(context);
  const { snapshot, lists, model } = context;
  checkHistory(snapshot);
  const followed: Followed = {
    ...field,
    where: where ?? {},
    points: wherePoints(model, lists.rules, plan.type, where ?? {}),
  };
  // What is wrong with the filter is said now.
  await endAt(followed, readScope(context, undefined), []);
  const { tx, told } = begun ?? { tx: snapshot.basisTx, told: undefined };
  if (begun === undefined) yield { position: String(tx) };
  // Of one that was told in part the rest is told.
  const from = told === undefined ? tx + 1 : tx;
  let quiet = 0;
  for await (const transaction of asked.database.reader.transactions(from, signal)) {
    if (transaction.tx <= snapshot.basisTx) checkPast(plan.type, transaction);
    let place = 0;
    for await (const { cursor, content } of changesIn(asked, followed, transaction, signal)) {
      place++;
      if (transaction.tx === tx && place <= (told ?? 0)) continue;
      yield { text: answerBody({ content }, transaction.tx), position: cursor };
    }
    quiet = place > 0 ? 0 : quiet + 1;
    if (quiet % QUIET_TRANSACTIONS === QUIET_TRANSACTIONS - 1)
      yield { position: String(transaction.tx) };
  }
}

/** What a stream follows. */
interface Followed extends ChangesField {
  readonly where: Where;
  readonly points: ReadonlyArray<WherePoint>;
}

/** `told`: how many changes of the transaction were. @throws BAD_USER_INPUT */
function parsePosition(text: string): { readonly tx: number; readonly told: number | undefined } {
  const [, tx, told] = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (tx === undefined)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `since must be the number of a transaction or the cursor of a change, got '${text.slice(0, 40)}'`,
    );
  return { tx: Number(tx), told: told === undefined ? undefined : Number(told) };
}

/** @throws FORBIDDEN */
function checkPast({ name, access }: EntityType, { tx, instant }: Transaction): void {
  if (access?.history !== false || Date.now() - Number(instant) < RESUMABLE_MS) return;
  throw new DatabaseError(
    'FORBIDDEN',
    `The caller may not see what was of ${name}, and transaction ${tx} is long over: follow what comes, without since`,
  );
}

function checkHistory({ config }: Snapshot): void {
  if (config.keepHistory) return;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    'This database keeps no history, so nobody knows what a transaction has changed; watch a query instead',
  );
}

interface WrittenChange {
  readonly cursor: string;
  /** As {@link Outcome.content}. */
  readonly content: string;
}

/** In the order of the entities, so that a place among them means the same when they are told again. */
async function* changesIn(
  asked: AskedOperation,
  followed: Followed,
  { tx, changes }: Transaction,
  signal: AbortSignal,
): AsyncGenerator<WrittenChange, void> {
  const { type, change } = followed.plan;
  const scopes = [
    readScope(await contextAt(asked, tx - 1, signal), undefined),
    readScope(await contextAt(asked, tx, signal), undefined),
  ] as const;
  const snapshots = scopes.map(({ snapshot }) => snapshot);
  const concerned = await concernedBy(followed.points, changes, snapshots);
  if (concerned.size === 0) return;
  const entities = Array.from(concerned).toSorted((one, other) => one - other);
  const before = await endAt(followed, scopes[0], entities);
  const after = await endAt(followed, scopes[1], entities);
  const diffs = await fieldDiffs(type, changes, before, after);
  const told: EntityChange[] = [];
  for (const entity of entities) {
    const kind = kindOf(entity, before, after, diffs);
    if (kind === undefined) continue;
    const cursor = `${tx}.${told.length + 1}`;
    told.push({ kind, entity, tx, cursor, changes: diffs.get(entity) ?? [] });
  }
  for (let i = 0; i < told.length; i += CHANGES_PER_READ) {
    const page = told.slice(i, i + CHANGES_PER_READ);
    const context = await contextAt(asked, tx, signal);
    try {
      const scope = readScope(context, undefined);
      const write = await change.read({ scope, variables: asked.variables, readEntities }, page);
      const [failure] = context.foreign.takeFailures();
      // The stream ends where another database cannot be read, and is gone on with there.
      if (failure !== undefined) throw failure.error;
      for (const each of page) {
        const data = `{${followed.prefix}${write(each)}}`;
        yield { cursor: each.cursor, content: asked.operation.outcome(context, data).content };
      }
    } finally {
      context.foreign.release();
    }
  }
}

function kindOf(
  entity: number,
  before: End,
  after: End,
  diffs: ReadonlyMap<number, unknown>,
): ChangeKind | undefined {
  const [was, is] = [before.members.has(entity), after.members.has(entity)];
  if (was !== is) return is ? 'ADDED' : 'REMOVED';
  return is && diffs.has(entity) ? 'UPDATED' : undefined;
}

/** The database as a transaction left it, for the time of one answer. */
async function contextAt(
  asked: AskedOperation,
  tx: number,
  signal: AbortSignal,
): Promise<RequestContext> {
  const limits = answerLimits(asked, signal);
  const current = await asked.database.reader.snapshot({ minTx: tx, limits });
  const snapshot = current.basisTx === tx ? current : current.asOf(tx);
  return contextFrom(snapshot, asked, limits);
}

async function endAt(
  { plan, where }: Followed,
  scope: ReadScope,
  entities: ReadonlyArray<number>,
): Promise<End> {
  const list = await List.open(scope, { kind: 'type', type: plan.type }, { where });
  return { scope, members: await list.among(entities) };
}
