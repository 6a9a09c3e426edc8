/**
 * Datahike's operations that can be asked from elsewhere: their names, what they are given, and whether they change anything. The HTTP protocol, its
 * description, its clients and the JavaScript API are made of this table.
 */

/** What may stand in a place of the arguments. */
export type ParameterKind =
  | 'any'
  | 'boolean'
  | 'branch'
  | 'collectOptions'
  | 'commitId'
  | 'config'
  | 'connection'
  | 'db'
  | 'entityId'
  | 'index'
  | 'indexLookup'
  | 'indexRange'
  | 'map'
  | 'pullOptions'
  | 'queryForm'
  | 'queryMap'
  | 'selector'
  | 'set'
  | 'timePoint'
  | 'transactions'
  | 'withMap';

export interface Parameter {
  readonly name: string;
  /** Any one of them. */
  readonly kinds: ReadonlyArray<ParameterKind>;
}

export interface Arity {
  readonly parameters: ReadonlyArray<Parameter>;
  /** Whether further arguments of any kind may follow. */
  readonly isOpen: boolean;
}

export interface Operation {
  /** As Datahike writes it: `database-exists?`. */
  readonly name: string;
  /** GET for what only reads, which answers the same for the same arguments. */
  readonly method: 'GET' | 'POST';
  /** What somebody needs the right to that asks for it: to read, to write, or to make and delete databases. */
  readonly right: Right;
  readonly arities: ReadonlyArray<Arity>;
  readonly summary: string;
}

export type Right = 'read' | 'write' | 'admin';

/** The last step of its address: `/database-exists`. */
export function pathOf({ name }: Operation): string {
  return name.replace(/[?!]$/, '');
}

/** `'config'` is a parameter that is called as its kind; `'transaction:transactions|withMap'` has a name and two kinds; `'...'` leaves the arity open. */
type Spelled = string;

function operation(
  method: Operation['method'],
  right: Right,
  name: string,
  summary: string,
  ...arities: ReadonlyArray<ReadonlyArray<Spelled>>
): Operation {
  return { name, method, right, summary, arities: arities.map(arityOf) };
}

function arityOf(spelled: ReadonlyArray<Spelled>): Arity {
  const isOpen = spelled.at(-1) === '...';
  return { isOpen, parameters: (isOpen ? spelled.slice(0, -1) : spelled).map(parameterOf) };
}

function parameterOf(spelled: Spelled): Parameter {
  const [name = '', kinds = name] = spelled.split(':');
  return { name, kinds: kinds.split('|') as ReadonlyArray<ParameterKind> };
}

const get = operation.bind(undefined, 'GET', 'read');
const post = operation.bind(undefined, 'POST', 'read');
const write = operation.bind(undefined, 'POST', 'write');
const admin = operation.bind(undefined, 'POST', 'admin');

const BY_INDEX = [
  ['db', 'index:index|indexLookup'],
  ['db', 'index', 'component:any', '...'],
];

const TRANSACTION = 'transaction:transactions|withMap';

/** In the order in which Datahike documents them. */
export const OPERATIONS: ReadonlyArray<Operation> = [
  post('database-exists?', 'Whether there is a database of a configuration.', ['config'], []),
  admin('create-database', 'Makes a database; gives its whole configuration.', ['config'], []),
  admin('delete-database', 'Deletes a database and all that it has.', ['config'], []),
  post('connect', 'Opens a database.', ['config'], ['config', 'options:map'], []),
  post('db', 'The present value of a database.', ['connection']),
  post('release', 'Closes a connection.', ['connection'], ['connection', 'all:any']),
  write('transact', 'Writes a transaction, and waits for it.', ['connection', TRANSACTION]),
  write('load-entities', 'Writes datoms of another database.', [
    'connection',
    'records:transactions',
  ]),
  get('q', 'Answers a query.', ['arguments:queryMap'], ['query:queryForm', '...']),
  get(
    'query-stats',
    'Answers a query, and tells how.',
    ['arguments:queryMap'],
    ['query:queryForm', '...'],
  ),
  get(
    'pull',
    'What a pattern shows of an entity.',
    ['db', 'options:pullOptions'],
    ['db', 'selector', 'eid:entityId'],
  ),
  get(
    'pull-many',
    'What a pattern shows of several entities.',
    ['db', 'options:pullOptions'],
    ['db', 'selector', 'eids:entityId'],
  ),
  get('entity', 'An entity.', ['db', 'eid:entityId|any']),
  get('entity-db', 'The database that an entity is of.', ['entity:any']),
  get('datoms', 'The datoms of an index that have some components.', ...BY_INDEX),
  get('seek-datoms', 'The datoms of an index from a place on.', ...BY_INDEX),
  get('rseek-datoms', 'The datoms of an index from a place on, backwards.', ...BY_INDEX),
  get('index-range', 'The datoms of an attribute between two values.', [
    'db',
    'arguments:indexRange',
  ]),
  get('history', 'All that is and was.', ['db']),
  get('since', 'What came after a point in time.', ['db', 'time-point:timePoint']),
  get('as-of', 'What was at a point in time.', ['db', 'time-point:timePoint']),
  get('valid-at', 'What is valid at an instant.', ['db', 'instant:any']),
  get('valid-between', 'What is valid at some time between two.', ['db', 'from:any', 'to:any']),
  get('valid-during', 'What is valid all the time between two.', ['db', 'from:any', 'to:any']),
  get('valid-all', 'All of it, whenever it is valid.', ['db']),
  post('branches', 'The branches of a database.', ['connection']),
  write('branch!', 'Makes a branch of another one, or of a commit.', [
    'connection',
    'from:any',
    'new-branch:branch',
  ]),
  write('delete-branch!', 'Deletes a branch.', ['connection', 'branch']),
  write(
    'merge-db',
    'Writes a transaction that further commits go into.',
    ['connection', 'parents:set', 'transaction:transactions'],
    ['connection', 'parents:set', 'transaction:transactions', 'tx-meta:any'],
  ),
  get('commit-id', 'The commit that a value of a database is of.', ['db']),
  get('parent-commit-ids', 'The commits that it came from.', ['db']),
  post('commit-as-db', 'The value of a database at a commit.', [
    'connection-or-db:any',
    'commit-id:commitId',
  ]),
  post('branch-as-db', 'The present value of a branch.', ['connection-or-db:any', 'branch']),
  get('schema', 'The attributes of a database.', ['db']),
  get('reverse-schema', 'The attributes by what they are.', ['db']),
  get('metrics', 'How many datoms there are of what.', ['db']),
  admin(
    'gc-storage',
    'Frees what nobody needs.',
    ['connection', 'remove-before:timePoint', 'options:collectOptions'],
    ['connection', 'remove-before:timePoint'],
    ['connection'],
  ),
];
