/**
 * Every name that is derived from an ident, in one place.
 *
 * A name is pretty where it can be: `:crm.person/first-name` is `CrmPerson.firstName`. Where the pretty form is taken, reserved or
 * impossible, the exact form stands in: it keeps letters and digits and writes every other character as `_x<hex>_`, so two idents
 * never share one. Nothing generated begins with `_`: that is the gateway's own ground (`_and`, `_cityByCountry`).
 */

/** Names of GraphQL types that no namespace may take, beside those that start with an operator or scalar name. */
const RESERVED_TYPES = [
  'Query',
  'Mutation',
  'Subscription',
  'Node',
  'EntityMeta',
  'PageInfo',
  'AsOf',
  'Sort',
  'CountOrder',
  'CountFoldOps',
  'CountFoldOrder',
  'DateTimeGroup',
  'TxOp',
  'TxMeta',
  'TxCondition',
  'TxResult',
  'ChangeKind',
  'TxTempid',
  'TxVersion',
  'ClientMutationId',
];

const SCALAR_NAMES = [
  'Int',
  'Float',
  'String',
  'Boolean',
  'ID',
  'Id',
  'Long',
  'BigInt',
  'BigDecimal',
  'DateTime',
  'UUID',
  'Keyword',
  'Symbol',
  'Bytes',
  'URI',
  'JSON',
  'FloatArray',
];

const SCALAR_SUFFIXES = ['', 'Ops', 'ListOps', 'ListPatch', 'FoldOps', 'FoldOrder'];

/** What follows a type's name in the names of the types that belong to it; several are kept for features to come. */
const TYPE_SUFFIXES = [
  'Connection',
  'Edge',
  'Where',
  'ListWhere',
  'Order',
  'By',
  'Input',
  'Patch',
  'Link',
  'ListLink',
  'Payload',
  'Aggregate',
  'Sum',
  'Avg',
  'Extreme',
  'Distinct',
  'Group',
  'Groups',
  'GroupsOrder',
  'GroupKey',
  'Having',
  'Condition',
  'Change',
  'Changed',
  'Diff',
  'Create',
  'Update',
  'Upsert',
  'Delete',
  'Attrs',
  'BulkPayload',
];

const RESERVED_ROUTES = ['transact', 'query', 'openapi', 'openapi.json', 'schema', 'changes'];

/** Fields that every entity has or will have. */
const RESERVED_FIELDS = new Set(['id', 'facets', 'history']);

/** The type of attributes without a namespace. */
const CATCH_ALL = 'record';

/** The names at the root of the API that one entity type owns. */
export interface RootNames {
  readonly lookup: string;
  readonly connection: string;
  readonly diff: string;
  readonly groups: string;
  readonly create: string;
  readonly update: string;
  readonly upsert: string;
  readonly delete: string;
  readonly changed: string;
  readonly updateMany: string;
  readonly deleteMany: string;
  /** The segment of a REST path. */
  readonly route: string;
}

/** Names given out so far. A name is given once and keeps what it claims. */
export interface Claims {
  has(name: string): boolean;
  add(name: string): unknown;
}

/** The claims that stand before any namespace is named. */
export function reservedTypeClaims(): Claims {
  const types = [
    ...RESERVED_TYPES,
    ...SCALAR_NAMES.flatMap((name) => SCALAR_SUFFIXES.map((suffix) => `${name}${suffix}`)),
  ];
  return new Set([
    ...types.map((name) => `type ${name}`),
    ...['Entity', 'Tx', 'Datom', 'Field'].flatMap(typeClaims),
    ...RESERVED_ROUTES.map((name) => `route ${name}`),
  ]);
}

/** What somebody wants a thing to be called; it is, where that is a name and free. */
type Wish = string | undefined;

/** Names the type of a namespace and claims whatever is derived from that name. */
export function claimTypeName(claims: Claims, namespace: string, wish?: Wish): string {
  const source = namespace === '' ? CATCH_ALL : namespace;
  return claim(claims, candidatesAfter(wished(wish), source, pascalCase(source)), typeClaims);
}

/** Names the field of an attribute within its type; `claims` are those of the type. */
export function claimFieldName(
  claims: Claims,
  { namespace, name: localName }: { readonly namespace: string; readonly name: string },
  wish?: Wish,
): string {
  const pretty = camelCase(localName);
  const owner = namespace === '' ? CATCH_ALL : namespace;
  const isFree = pretty === undefined || !RESERVED_FIELDS.has(pretty);
  const wanted = isFree ? pretty : camelCase(`${owner} ${pretty}`);
  const allowed = wished(wish).filter((name) => !RESERVED_FIELDS.has(name));
  return claim(claims, candidatesAfter(allowed, localName, wanted), fieldClaims);
}

/** As {@link claimFieldName} where several namespaces meet in one type: a name that is taken gets the namespace in front. */
export function claimMergedFieldName(
  claims: Claims,
  { namespace, name: localName }: { readonly namespace: string; readonly name: string },
  wish?: Wish,
): string {
  const pretty = camelCase(localName);
  const isTaken = pretty !== undefined && fieldClaims(pretty).some((each) => claims.has(each));
  const prefixed = isTaken ? camelCase(`${namespace} ${localName}`) : undefined;
  return claimFieldName(claims, { namespace, name: localName }, wish ?? prefixed);
}

/** Names the field that leads back from the target of a ref to its sources: `_cityByCountry`. */
export function claimReverseName(
  claims: Claims,
  sourceType: string,
  refField: string,
  wish?: Wish,
): string {
  const pretty = `_${lowerFirst(sourceType)}By${upperFirst(refField)}`;
  const wishes = wished(wish).filter((name) => !RESERVED_FIELDS.has(name));
  return claim(claims, numbered(wishes, pretty), (name) => [name]);
}

/** Names the field that leads from a value to the entity in another database that has it: `_productBySku`. */
export function claimForeignName(
  claims: Claims,
  keyField: string,
  namespace: string,
  wish?: Wish,
): string {
  return claimReverseName(claims, pascalCase(namespace) ?? exactForm(namespace), keyField, wish);
}

/**
 * What stands before the names of another database's types: `Catalogue_`. No two databases share one: whatever is not made of words between hyphens
 * has its exact form.
 */
export function foreignPrefix(database: string): string {
  const isPlain = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(database);
  return `${isPlain ? pascalCase(database) : upperFirst(exactForm(database))}_`;
}

/** Names the type that the values of one field have: `OrderStatus`. */
export function claimValueTypeName(
  claims: Claims,
  type: string,
  field: string,
  wish?: Wish,
): string {
  const pretty = `${type}${upperFirst(field)}`;
  return claim(claims, numbered([...wished(wish), pretty], `${pretty}_x_`), valueTypeClaims);
}

function valueTypeClaims(name: string): ReadonlyArray<string> {
  return ['', 'Input', 'Prefix', 'Ops', 'ListOps', 'ListPatch'].map(
    (suffix) => `type ${name}${suffix}`,
  );
}

/** What one type owns in the API of a set of databases. */
export interface SetNames {
  /** At the root. */
  readonly rows: string;
  readonly aggregate: string;
  /** Of types. */
  readonly rowType: string;
  readonly aggregatesType: string;
  readonly allType: string;
  readonly databaseType: string;
}

export function setNames(typeName: string): SetNames {
  const lookup = lowerFirst(typeName);
  return {
    rows: `${lookup}Rows`,
    aggregate: `${lookup}Aggregate`,
    rowType: `${typeName}Row`,
    aggregatesType: `${typeName}Aggregates`,
    allType: `${typeName}SetAggregate`,
    databaseType: `${typeName}DatabaseAggregate`,
  };
}

/** Claims a type's name as its databases have it, for a set of them; false where another one has claimed what is derived from it. */
export function claimSetType(claims: Claims, typeName: string): boolean {
  const { rows, aggregate, ...types } = setNames(typeName);
  const own = [
    ...typeClaims(typeName),
    ...Object.values(types).map((name) => `type ${name}`),
    ...[rows, aggregate].map((name) => `root ${name}`),
  ];
  return claim(claims, [typeName], () => own) !== '';
}

/** As {@link claimSetType}, of the type that the values of a field have. */
export function claimSetValueType(claims: Claims, name: string): boolean {
  return claim(claims, [name], valueTypeClaims) !== '';
}

/** The name of a keyword among the values of an enum: `:status/in-progress` is `IN_PROGRESS`. */
export function claimEnumValue(claims: Claims, localName: string): string {
  const upper = words(localName)?.join('_').toUpperCase();
  const pretty = upper === undefined ? undefined : withLetterFirst(upper, 'N');
  const isFree = pretty !== undefined && !['TRUE', 'FALSE', 'NULL'].includes(pretty);
  return claim(claims, candidates(localName, isFree ? pretty : undefined), (name) => [name]);
}

function fieldClaims(name: string): ReadonlyArray<string> {
  return [name, connectionFieldName(name)];
}

/** A name of GraphQL that is not the gateway's own: or with one `_` in front, which is how those of reverse fields begin. */
function wished(wish: Wish): ReadonlyArray<string> {
  return wish !== undefined && /^(_?[A-Za-z])[A-Za-z0-9_]*$/.test(wish) ? [wish] : [];
}

/** The field that pages through a to-many ref: `tracksConnection`. */
export function connectionFieldName(fieldName: string): string {
  return `${fieldName}Connection`;
}

export function rootNames(typeName: string): RootNames {
  const lookup = lowerFirst(typeName);
  return {
    lookup,
    connection: connectionFieldName(lookup),
    diff: `${lookup}Diff`,
    groups: `${lookup}Groups`,
    create: `create${typeName}`,
    update: `update${typeName}`,
    upsert: `upsert${typeName}`,
    delete: `delete${typeName}`,
    changed: `${lookup}Changed`,
    updateMany: `update${typeName}s`,
    deleteMany: `delete${typeName}s`,
    route: kebabCase(typeName),
  };
}

/** `[A-Za-z0-9]` kept, everything else `_x<hex>_`; a name that needs no escape is marked by an empty one. */
export function exactForm(text: string): string {
  const escaped = Array.from(text, (char) => (/[A-Za-z0-9]/.test(char) ? char : escape(char)));
  const [first = ''] = escaped;
  if (!/^[A-Za-z]/.test(first)) {
    const lead = first.startsWith('_') || first === '' ? first : escape(first);
    return `x${lead}${escaped.slice(1).join('')}`;
  }
  const name = escaped.join('');
  return name.includes('_') ? name : `${name}_x_`;
}

function typeClaims(typeName: string): ReadonlyArray<string> {
  const names = rootNames(typeName);
  return [
    `type ${typeName}`,
    ...TYPE_SUFFIXES.map((suffix) => `type ${typeName}${suffix}`),
    `root ${names.lookup}`,
    `root ${names.connection}`,
    `root ${names.update}`,
    `root ${names.updateMany}`,
    `route ${names.route}`,
  ];
}

function claim(
  claims: Claims,
  names: Iterable<string>,
  claimsOf: (name: string) => ReadonlyArray<string>,
): string {
  for (const name of names) {
    const wanted = claimsOf(name);
    if (wanted.some((each) => claims.has(each))) continue;
    for (const each of wanted) claims.add(each);
    return name;
  }
  return '';
}

function candidates(source: string, pretty: string | undefined): Iterable<string> {
  return candidatesAfter([], source, pretty);
}

function candidatesAfter(
  wishes: ReadonlyArray<string>,
  source: string,
  pretty: string | undefined,
): Iterable<string> {
  return numbered(pretty === undefined ? wishes : [...wishes, pretty], exactForm(source));
}

/** The names given, then the last one again with a number, without end. */
function* numbered(names: ReadonlyArray<string>, last: string): Generator<string> {
  yield* names;
  yield last;
  for (let n = 2; ; n += 1) yield `${last}_x_${n}`;
}

/** Undefined where the text holds letters that GraphQL does not know, or none at all. */
function words(text: string): ReadonlyArray<string> | undefined {
  if (/[^\u0000-\u007f]/.test(text)) return undefined;
  const found = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return found.length === 0 ? undefined : found;
}

function camelCase(text: string): string | undefined {
  const found = words(text);
  if (found === undefined) return undefined;
  const [first = '', ...rest] = found;
  const head = /^[A-Z0-9]+$/.test(first) ? first.toLowerCase() : lowerFirst(first);
  return withLetterFirst([head, ...rest.map(upperFirst)].join(''), 'n');
}

function pascalCase(text: string): string | undefined {
  const found = words(text);
  return found === undefined ? undefined : withLetterFirst(found.map(upperFirst).join(''), 'N');
}

function withLetterFirst(name: string, letter: string): string {
  return /^[0-9]/.test(name) ? `${letter}${name}` : name;
}

function kebabCase(typeName: string): string {
  return typeName.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

function escape(char: string): string {
  return `_x${(char.codePointAt(0) ?? 0).toString(16)}_`;
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
