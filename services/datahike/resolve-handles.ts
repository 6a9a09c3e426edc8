/** What handles stand for: tagged elements of a request, as the connections, values and entities that they name. */
import type { EdnData, EdnMap } from '../../engine/index.ts';
import { DatabaseError, Uuid, kw, printEdn } from '../../engine/index.ts';
import type { Right } from '../../schema/operation.ts';
import { Tagged } from '../../schema/value.ts';
import { itemsOf } from './arguments.ts';
import type { Argument, OpenedDatabase } from './live.ts';
import { DatabaseValue, HANDLE, TAGS } from './live.ts';
import type { Asked } from './operations.ts';
import { perform } from './operations.ts';

/** Who asks. */
export interface Caller {
  /** Whether it may do something with the database of a name. */
  may(right: Right, database: string): boolean;
}

/** @throws FORBIDDEN */
export function checkAllowed(caller: Caller, right: Right, database: string): void {
  if (caller.may(right, database)) return;
  throw new DatabaseError(
    'FORBIDDEN',
    `Expected a token with the right :${right} to database ${database}: this one has none`,
    { kind: 'not-allowed', data: { right: kw(right), database } },
  );
}

/**
 * The arguments of an operation with what its handles stand for, also within the `:args` of a query that is a map.
 *
 * @throws NOT_FOUND for a handle of what nobody opened, or of a commit that is gone; FORBIDDEN
 */
export async function resolveHandles(
  args: ReadonlyArray<EdnData>,
  right: Right,
  caller: Caller,
  asked: Asked,
): Promise<ReadonlyArray<Argument>> {
  const opened: Opened = (place) => {
    const of = asked.registry.opened(place);
    // Before anything of it is read.
    checkAllowed(caller, right, of.name);
    return of;
  };
  const resolve = async (datum: EdnData): Promise<Argument> =>
    datum instanceof Tagged ? liveOf(datum, opened, asked) : datum;
  return Promise.all(
    args.map((arg, place) =>
      place === 0 && hasInputs(arg) ? withInputs(arg, resolve) : resolve(arg),
    ),
  );
}

const ARGS = kw('args');

function hasInputs(arg: EdnData): arg is EdnMap {
  return arg instanceof Map && (arg as EdnMap).has(ARGS);
}

async function withInputs(
  arg: EdnMap,
  resolve: (datum: EdnData) => Promise<Argument>,
): Promise<Argument> {
  const inputs = await Promise.all(itemsOf(arg.get(ARGS) ?? null).map(resolve));
  return new Map([...arg, [ARGS, inputs]] as ReadonlyArray<[EdnData, EdnData]>);
}

/** The database of a place that the caller may use. @throws NOT_FOUND, FORBIDDEN */
type Opened = (place: EdnData) => OpenedDatabase;

async function liveOf({ tag, value }: Tagged, opened: Opened, asked: Asked): Promise<Argument> {
  if (tag === TAGS.connection) return opened(value);
  const map = value instanceof Map ? (value as EdnMap) : new Map<EdnData, EdnData>();
  const origin = async (key = HANDLE.origin): Promise<DatabaseValue> => {
    const held = map.get(key);
    const live = held instanceof Tagged ? await liveOf(held, opened, asked) : undefined;
    if (live instanceof DatabaseValue) return live;
    throw badHandle(tag, value);
  };
  const view = async (name: string, ...said: ReadonlyArray<EdnData>): Promise<Argument> =>
    perform(name, [await origin(), ...said], asked) as Promise<Argument>;
  switch (tag) {
    case TAGS.db:
      return valueAt(map, opened, asked);
    case TAGS.history:
      return view('history');
    case TAGS.asOf:
      return view('as-of', map.get(HANDLE.timePoint) ?? null);
    case TAGS.since:
      return view('since', map.get(HANDLE.timePoint) ?? null);
    case TAGS.valid:
      return validView(map, view);
    case TAGS.entity:
      return (await perform(
        'entity',
        [await origin(HANDLE.db), map.get(HANDLE.eid) ?? null],
        asked,
      )) as Argument;
    default:
      return new Tagged(tag, value);
  }
}

/** The value that `{:store-id :commit-id :max-tx}` names. */
async function valueAt(map: EdnMap, opened: Opened, { registry }: Asked): Promise<DatabaseValue> {
  const [commitId, maxTx] = [map.get(HANDLE.commitId), map.get(HANDLE.maxTx)];
  if (!(commitId instanceof Uuid)) throw badHandle(TAGS.db, map);
  const of = opened(map.get(HANDLE.storeId) ?? null);
  const at = await registry.dbAt(of, commitId.text, typeof maxTx === 'number' ? maxTx : undefined);
  if (at !== undefined) return at;
  throw new DatabaseError(
    'NOT_FOUND',
    `There is no commit ${commitId.text} in ${of.name}: it may be of a branch that was deleted`,
    {
      kind: 'commit-not-found',
      data: { 'commit-id': commitId },
    },
  );
}

/** `{:origin … :at t}`, `:between [from to]` or `:during [from to]`; none of them is all there is. */
async function validView(
  map: EdnMap,
  view: (name: string, ...said: ReadonlyArray<EdnData>) => Promise<Argument>,
): Promise<Argument> {
  for (const name of ['at', 'between', 'during']) {
    const said = map.get(kw(name));
    if (said === undefined) continue;
    return view(
      `valid-${name}`,
      ...(Array.isArray(said) ? (said as ReadonlyArray<EdnData>) : [said]),
    );
  }
  return view('valid-all');
}

function badHandle(tag: string, value: EdnData): DatabaseError {
  return new DatabaseError(
    'BAD_USER_INPUT',
    `Expected #${tag} as an operation gave it, got ${printEdn(value)}`,
    { kind: 'bad-handle' },
  );
}
