/**
 * A pull pattern to a plan. Grammar (reference: Datahike `pull_api.cljc`, Datomic pull):
 *
 *     pattern  = [spec …]
 *     spec     = attr | * | {attr-or-expr pattern | depth | ...} | [attr option+] | (limit attr n) | (default attr x)
 *     attr     = :ns/name | :ns/_name (backward) | :db/id
 *     option   = :as key | :limit n-or-nil | :default x | :xform name-of-a-registered-function
 */
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import { Keyword, Sym, forwardOf, isReverse } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { registeredFunction } from '../shared/functions.ts';

export interface PullPlan {
  readonly isWildcard: boolean;
  /** The key of `:db/id` in the result, undefined where the pattern does not ask for it. */
  readonly idKey: EdnData | undefined;
  readonly specs: ReadonlyArray<PullSpec>;
}

export interface PullSpec {
  /** The attribute as it is stored, without the underscore of a backward one. */
  readonly ident: Keyword;
  readonly isReverse: boolean;
  readonly key: EdnData;
  /** At most so many values; undefined for all. */
  readonly limit: number | undefined;
  readonly default: EdnData | undefined;
  readonly target: PullTarget;
  /** What is shown of a value, or of all values where there may be many. */
  readonly transform?: (value: EdnData) => unknown;
}

/** What is pulled of the entities that a ref leads to. */
export type PullTarget =
  | { readonly kind: 'plain' }
  | { readonly kind: 'pattern'; readonly plan: PullPlan }
  /** The enclosing pattern again, so many levels deep. */
  | { readonly kind: 'recursion'; readonly depth: number };

const DEFAULT_LIMIT = 1_000;
const PLAIN: PullTarget = { kind: 'plain' };

/**
 * Of several specs of one attribute the one with a pattern or recursion counts, else the last.
 *
 * @throws BAD_QUERY (`parser/pull`)
 */
export function parsePull(pattern: EdnData): PullPlan {
  const items = pattern instanceof Set ? [...(pattern as ReadonlySet<EdnData>)] : pattern;
  if (!Array.isArray(items))
    throw pullError('Cannot parse pull pattern, expected: [attr-spec+]', pattern);
  const specs = new Map<string, PullSpec>();
  let isWildcard = false;
  let idKey: EdnData | undefined;
  for (const item of items as ReadonlyArray<EdnData>) {
    if (isStar(item)) {
      isWildcard = true;
      continue;
    }
    for (const spec of parseSpec(item)) {
      const name = `${spec.ident.toString()} ${spec.isReverse}`;
      const isPlainAgain = spec.target.kind === 'plain' && specs.get(name)?.target.kind !== 'plain';
      if (spec.ident === DB.id) idKey = spec.key;
      else if (!specs.has(name) || !isPlainAgain) specs.set(name, spec);
    }
  }
  if (!isWildcard) return { isWildcard, idKey, specs: [...specs.values()] };
  // A wildcard shows the refs of an entity as they are, unless a pattern of their own says how.
  const kept = [...specs.values()].filter(
    (spec) => spec.isReverse || spec.target.kind !== 'recursion',
  );
  return { isWildcard, idKey: idKey ?? DB.id, specs: kept };
}

function parseSpec(item: EdnData): ReadonlyArray<PullSpec> {
  if (item instanceof Map)
    return Array.from(item as ReadonlyMap<EdnData, EdnData>, ([key, target]) => ({
      ...parseAttribute(key),
      target: parseTarget(target),
    }));
  return [parseAttribute(item)];
}

function parseAttribute(item: EdnData): PullSpec {
  if (item instanceof Keyword) return attributeSpec(item);
  if (item instanceof EdnList && item.items[0] instanceof Sym) return parseLegacy(item);
  const items = item instanceof EdnList ? item.items : item;
  if (Array.isArray(items) && items.length % 2 === 1 && items.length > 1)
    return parseOptions(items as ReadonlyArray<EdnData>);
  throw pullError(
    'Cannot parse attr-spec, expected: (attr-name | wildcard | map-spec | attr-expr)',
    item,
  );
}

/** What a pattern that is only the name of an attribute asks for. */
export function attributeSpec(name: Keyword): PullSpec {
  return {
    ident: forwardOf(name),
    isReverse: isReverse(name),
    key: name,
    limit: DEFAULT_LIMIT,
    default: undefined,
    target: PLAIN,
  };
}

/** `[attr :as key :limit n :default x]` */
function parseOptions([attribute, ...options]: ReadonlyArray<EdnData>): PullSpec {
  let spec = parseAttribute(attribute ?? null);
  for (let i = 0; i < options.length; i += 2)
    spec = withOption(spec, String(options[i]), options[i + 1] ?? null);
  return spec;
}

/** `(limit attr n)` and `(default attr x)` */
function parseLegacy(list: EdnList): PullSpec {
  const [name, attribute, value] = list.items;
  if (list.items.length !== 3 || !(name instanceof Sym))
    throw pullError('Expected (limit attr n) or (default attr x)', list);
  return withOption(parseAttribute(attribute ?? null), `:${name.name}`, value ?? null);
}

function withOption(spec: PullSpec, option: string, value: EdnData): PullSpec {
  switch (option) {
    case ':as':
      return value === null ? spec : { ...spec, key: value };
    case ':default':
      return { ...spec, default: value };
    case ':limit':
      if (value === null) return { ...spec, limit: undefined };
      if (Number.isInteger(value) && Number(value) > 0) return { ...spec, limit: Number(value) };
      throw pullError(
        'Expected nil or a positive number as :limit',
        value,
        'Expected ["limit" attr-name (positive-number | nil)]',
      );
    case ':xform':
      return { ...spec, transform: transformNamed(value) };
    default:
      throw pullError(
        'Invalid attribute option, expected :as, :limit, :default or :xform',
        option,
        `"Invalid attribute option: ${option}"`,
      );
  }
}

function transformNamed(name: EdnData): (value: EdnData) => unknown {
  const fn = name instanceof Sym ? registeredFunction(name) : undefined;
  if (fn === undefined)
    throw pullError('Expected the name of a function that registerFunction knows as :xform', name);
  return fn;
}

function parseTarget(target: EdnData): PullTarget {
  if (target === '...' || (target instanceof Sym && target.name === '...'))
    return { kind: 'recursion', depth: Infinity };
  if (typeof target !== 'number') return { kind: 'pattern', plan: parsePull(target) };
  if (target > 0) return { kind: 'recursion', depth: target };
  throw pullError(
    'Expected a positive number as depth of recursion',
    target,
    'Expected (pattern | recursion-limit)',
  );
}

function isStar(item: EdnData): boolean {
  return item === '*' || ((item instanceof Sym || item instanceof Keyword) && item.name === '*');
}

/** `summary`: what Datahike says, where that is something else. */
function pullError(message: string, form: EdnData, summary = message): DatabaseError {
  return new DatabaseError('BAD_QUERY', `${message}, got ${printEdn(form)}`, {
    kind: 'parser/pull',
    data: { form },
    summary,
  });
}
