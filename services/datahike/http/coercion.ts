/** Arguments held against what an operation takes; where they do not fit, a report in the shape of Datahike's says what was expected where. */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { EdnList, Keyword, Uuid, kw } from '../../../engine/index.ts';
import type { Arity, Operation, ParameterKind } from '../../../schema/operation.ts';
import { Tagged } from '../../../schema/value.ts';
import { TAGS } from '../live.ts';
import { readArguments } from './formats.ts';

export type Coerced = { readonly args: ReadonlyArray<EdnData> } | { readonly report: EdnMap };

/** Where a fault is, and what was expected there. */
interface Fault {
  readonly path: ReadonlyArray<number | Keyword>;
  readonly message: string;
}

/** The datum as the kind has it, or why it is not of the kind. */
type Read = { readonly datum: EdnData } | { readonly faults: ReadonlyArray<Fault> };

/**
 * The arguments of a call, without the keys that an operation does not know.
 *
 * @param isJson whether texts may stand for keywords and UUIDs, and arrays for sets
 */
export function coerce({ arities }: Operation, body: EdnData, isJson: boolean): Coerced {
  const faults: Fault[] = [];
  for (const arity of arities) {
    const read = readArity(arity, body, isJson);
    if ('args' in read) return read;
    faults.push(...read.faults);
  }
  return { report: reportOf(body, faults) };
}

/** Of an arity that is open Datahike checks nothing, unless it is the only one. */
function readArity(
  { parameters, isOpen }: Arity,
  body: EdnData,
  isJson: boolean,
): { readonly args: ReadonlyArray<EdnData> } | { readonly faults: ReadonlyArray<Fault> } {
  const given = itemsOf(body);
  if (isOpen && given !== undefined && given.length >= parameters.length) return { args: given };
  if (given === undefined) return faulty(parameters.length === 0 ? 'should be []' : 'invalid type');
  if (parameters.length === 0) return given.length === 0 ? { args: [] } : faulty('should be []');
  if (given.length !== parameters.length)
    return faulty(`invalid tuple size ${given.length}, expected ${parameters.length}`);
  const faults: Fault[] = [];
  const args = parameters.map(({ kinds }, place) => {
    const read = readKinds(kinds, given[place] ?? null, isJson);
    if ('datum' in read) return read.datum;
    faults.push(...read.faults.map(({ path, message }) => ({ path: [place, ...path], message })));
    return null;
  });
  return faults.length > 0 ? { faults } : { args };
}

function readKinds(kinds: ReadonlyArray<ParameterKind>, datum: EdnData, isJson: boolean): Read {
  const faults: Fault[] = [];
  for (const kind of kinds) {
    const read = READERS[kind](datum, isJson);
    if ('datum' in read) return read;
    faults.push(...read.faults);
  }
  return { faults };
}

type Reader = (datum: EdnData, isJson: boolean) => Read;

const isVector = (datum: EdnData): boolean => Array.isArray(datum);
const isSequence = (datum: EdnData): boolean => isVector(datum) || datum instanceof EdnList;
const isNumber = (datum: EdnData): boolean =>
  typeof datum === 'number' || typeof datum === 'bigint';

const any: Reader = (datum) => ({ datum });

function expecting(isMet: (datum: EdnData) => boolean, ...messages: ReadonlyArray<string>): Reader {
  return (datum) => (isMet(datum) ? { datum } : faulty(...messages));
}

function handle(tags: ReadonlyArray<string>, message: string): Reader {
  return expecting((datum) => datum instanceof Tagged && tags.includes(datum.tag), message);
}

/** Where JSON has no form for what is wanted, what it has is taken for it. */
function fromJson(convert: (datum: EdnData) => EdnData, reader: Reader): Reader {
  return (datum, isJson) => reader(isJson ? convert(datum) : datum, isJson);
}

function ednOf(datum: EdnData): EdnData {
  if (typeof datum !== 'string') return datum;
  try {
    return readArguments(datum);
  } catch {
    return datum;
  }
}

const keywordOf = (datum: EdnData): EdnData => (typeof datum === 'string' ? kw(datum) : datum);
const uuidOf = (datum: EdnData): EdnData =>
  typeof datum === 'string' ? (Uuid.parse(datum) ?? datum) : datum;
const setOf = (datum: EdnData): EdnData =>
  Array.isArray(datum) ? new Set(datum as ReadonlyArray<EdnData>) : datum;

/** In JSON a pattern may be a text of EDN, as the documentation of Datahike says. */
const selector = fromJson(ednOf, expecting(isVector, 'invalid type'));
const sequence = expecting(isSequence, 'invalid type');
const index = fromJson(
  keywordOf,
  expecting(
    (datum) => [kw('eavt'), kw('aevt'), kw('avet')].includes(datum as Keyword),
    'should be either :eavt, :aevt or :avet',
  ),
);
const entityId = expecting(
  (datum) => isNumber(datum) || isSequence(datum) || datum instanceof Keyword,
  'unknown error',
  'invalid type',
  'should be a keyword',
);
const integer = expecting(Number.isSafeInteger, 'should be an integer');
const keyword = fromJson(
  keywordOf,
  expecting((datum) => datum instanceof Keyword, 'should be a keyword'),
);
const queryForm = expecting(
  (datum) => isVector(datum) || datum instanceof Map || typeof datum === 'string',
  'invalid type',
  'invalid type',
  'should be a string',
);

interface Key {
  readonly reader: Reader;
  readonly isOptional?: boolean;
}

/** A map of keys that are known; others are left out. */
function closed(keys: Readonly<Record<string, Key>>): Reader {
  const known = Object.entries(keys).map(([name, key]) => [kw(name), key] as const);
  return (datum, isJson) => {
    if (!(datum instanceof Map)) return faulty('invalid type');
    const faults: Fault[] = [];
    const kept = new Map<EdnData, EdnData>();
    for (const [name, { reader, isOptional = false }] of known) {
      const value = (datum as EdnMap).get(name);
      if (value === undefined) {
        if (!isOptional) faults.push({ path: [name], message: 'missing required key' });
        continue;
      }
      const read = reader(value, isJson);
      if ('datum' in read) kept.set(name, read.datum);
      else
        faults.push(
          ...read.faults.map(({ path, message }) => ({ path: [name, ...path], message })),
        );
    }
    return faults.length > 0 ? { faults } : { datum: kept };
  };
}

const optional = (reader: Reader): Key => ({ reader, isOptional: true });
const required = (reader: Reader): Key => ({ reader });

const READERS: Readonly<Record<ParameterKind, Reader>> = {
  any,
  boolean: expecting((datum) => typeof datum === 'boolean', 'should be a boolean'),
  branch: keyword,
  collectOptions: closed({ 'min-age-ms': optional(integer) }),
  commitId: fromJson(
    uuidOf,
    expecting((datum) => datum instanceof Uuid, 'should be a uuid'),
  ),
  config: expecting(
    (datum) => datum instanceof Map || typeof datum === 'string',
    'invalid type',
    'should be a string',
  ),
  connection: handle([TAGS.connection], 'must be a Datahike connection'),
  db: handle(
    [TAGS.db, TAGS.history, TAGS.asOf, TAGS.since, TAGS.valid],
    'must be a Datahike database',
  ),
  entityId,
  index,
  indexLookup: closed({ index: required(index), components: optional(sequence) }),
  indexRange: closed({ attrid: required(keyword), start: required(any), end: required(any) }),
  map: expecting((datum) => datum instanceof Map, 'invalid type'),
  pullOptions: closed({ selector: required(selector), eid: required(entityId) }),
  queryForm,
  queryMap: closed({
    query: required(queryForm),
    args: optional(sequence),
    limit: optional(integer),
    offset: optional(integer),
    // Ours: Datahike's server drops it without a word.
    'order-by': optional(any),
  }),
  selector,
  set: fromJson(
    setOf,
    expecting((datum) => datum instanceof Set, 'invalid type'),
  ),
  timePoint: expecting(
    (datum) => Number.isSafeInteger(datum) || datum instanceof Date,
    'should be an integer',
    'must be a Date',
  ),
  transactions: sequence,
  withMap: closed({ 'tx-data': required(sequence), 'tx-meta': optional(any) }),
};

function faulty(...messages: ReadonlyArray<string>): { readonly faults: ReadonlyArray<Fault> } {
  return { faults: messages.map((message) => ({ path: [], message })) };
}

function itemsOf(body: EdnData): ReadonlyArray<EdnData> | undefined {
  if (body instanceof EdnList) return body.items;
  return Array.isArray(body) ? (body as ReadonlyArray<EdnData>) : undefined;
}

function reportOf(body: EdnData, faults: ReadonlyArray<Fault>): EdnMap {
  // What is wrong within the arguments says more than what is wrong with their number.
  const inner = faults.filter(({ path }) => path.length > 0);
  return new Map<EdnData, EdnData>([
    [kw('value'), body],
    [kw('type'), kw('reitit.coercion/request-coercion')],
    [kw('coercion'), kw('malli')],
    [kw('in'), [kw('request'), kw('body-params')]],
    [kw('humanized'), humanized(inner.length > 0 ? inner : faults)],
  ]);
}

/** The messages in the shape of what they are about: of the second argument `[nil ["must be a Date"]]`. */
function humanized(faults: ReadonlyArray<Fault>): EdnData {
  const nested = new Map<number | Keyword, Fault[]>();
  const here: string[] = [];
  for (const { path, message } of faults) {
    const [first, ...rest] = path;
    if (first === undefined) here.push(message);
    else nested.set(first, [...(nested.get(first) ?? []), { path: rest, message }]);
  }
  if (nested.size === 0) return here;
  const inside = [...nested].map(([key, found]) => [key, humanized(found)] as const);
  if (inside.some(([key]) => key instanceof Keyword)) return new Map<EdnData, EdnData>(inside);
  const places = inside.map(([place]) => place as number);
  return Array.from(
    { length: Math.max(...places) + 1 },
    (_, place) => inside.find(([key]) => key === place)?.[1] ?? null,
  );
}
