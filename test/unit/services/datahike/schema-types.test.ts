/** What a declared schema says to the compiler, and to the database. A test has the compiler check all of this file. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  Connection,
  Database,
  Pulled,
  Transaction,
} from '../../../../services/datahike/api.ts';
import {
  boolean,
  close,
  connect,
  createDatabase,
  datoms,
  db,
  defineSchema,
  instant,
  keyword,
  long,
  pull,
  pullMany,
  randomUuid,
  ref,
  refs,
  string,
  transact,
  uuid,
  uuidValue,
} from '../../../../services/datahike/api.ts';

const world = defineSchema({
  person: {
    email: string({ unique: 'identity', required: true }),
    name: string(),
    age: long({ index: true }),
    tags: keyword({ many: true }),
    key: uuidValue(),
    born: instant(),
    friends: refs('person'),
    employer: ref('company'),
  },
  company: {
    name: string({ unique: 'value', required: true, doc: 'As it is registered.' }),
    isPublic: boolean(),
    offices: refs('office', { component: true }),
  },
  office: { city: string({ required: true }) },
});

type World = (typeof world)['definition'];

/** Never called: the compiler reads it. */
export function typed(connection: Connection<World>, present: Database<World>): void {
  const ok: Transaction<World> = [
    { 'person/email': 'ada@example.com', 'person/age': 36, 'person/tags': [':math'] },
    { 'db/id': 'ada', 'person/friends': [{ 'person/name': 'Charles' }, 17, 'tempid'] },
    {
      'person/key': uuid('…'),
      'person/born': new Date(),
      'person/employer': [':company/name', 'X'],
    },
    { 'db/id': -1, 'person/_friends': [':person/email', 'ada@example.com'] },
    [':db/add', 'ada', ':person/name', 'Ada'],
    [':db/add', 17, ':person/name', 'Ada', 536870914],
    [':db/cas', 17, ':person/age', null, 36],
    [':db.fn/cas', 17, ':person/age', 36, 37],
    [':db.history.purge/before', new Date()],
    [':db/retractEntity', [':person/email', 'ada@example.com']],
    [':db.fn/call', 'bank/deposit', 1],
    ...world.txData,
  ];
  void transact(connection, ok);
  void transact(connection, { 'tx-data': ok, 'tx-meta': { reason: 'why' } });
  // @ts-expect-error an attribute that nobody declared
  void transact(connection, [{ 'person/nmae': 'Ada' }]);
  // @ts-expect-error a text where a number belongs
  void transact(connection, [{ 'person/age': '36' }]);
  // @ts-expect-error several values of what has one
  void transact(connection, [{ 'person/name': ['Ada', 'Augusta'] }]);
  // @ts-expect-error a keyword begins with a colon
  void transact(connection, [{ 'person/tags': ['math'] }]);
  // @ts-expect-error a lookup ref by what is not unique
  void transact(connection, [{ 'db/id': [':person/name', 'Ada'], 'person/age': 36 }]);
  // @ts-expect-error no such operation
  void transact(connection, [[':db/ad', 17, ':person/name', 'Ada']]);
  // @ts-expect-error purging goes by time
  void transact(connection, [[':db.history.purge/before', 17]]);
  // @ts-expect-error another type than the attribute has
  void transact(connection, [[':db/add', 17, ':person/age', 'old']]);

  void pull(present, [':person/name'], [':person/email', 'ada@example.com']);
  // @ts-expect-error an attribute that nobody declared
  void pull(present, [':person/nmae'], 17);
  // @ts-expect-error a pattern below what refers to nothing
  void pull(present, [{ ':person/name': ['*'] }], 17);
  // @ts-expect-error a lookup ref by what is not unique
  void pull(present, ['*'], [':person/age', 36]);

  // What asks for no schema takes any.
  void datoms(present, 'eavt');
  void transact(connection, '[{:person/name "Ada"}]').then((report) =>
    pull(report['db-after'], [':person/name'], 17),
  );

  // @ts-expect-error a kind that is not declared
  defineSchema({ person: { friends: refs('persno') } });
  // @ts-expect-error an option that there is not
  string({ uniqe: 'identity' });
}

describe('what a pattern shows', () => {
  it('is the attributes that it names, which may be missing unless they are required', () => {
    expectTypeOf<
      Pulled<World, readonly [':db/id', ':person/email', ':person/name', ':person/age']>
    >().toEqualTypeOf<{
      readonly 'db/id': number;
      readonly 'person/email': string;
      readonly 'person/name'?: string;
      readonly 'person/age'?: number;
    }>();
  });

  it('has an array of several values, a text of a UUID, and ids of entities', () => {
    expectTypeOf<
      Pulled<World, readonly [':person/tags', ':person/key', ':person/friends', ':person/employer']>
    >().toEqualTypeOf<{
      readonly 'person/tags'?: ReadonlyArray<`:${string}`>;
      readonly 'person/key'?: string;
      readonly 'person/friends'?: ReadonlyArray<{ readonly 'db/id': number }>;
      readonly 'person/employer'?: { readonly 'db/id': number };
    }>();
  });

  it('follows references, forward and backward', () => {
    type Nested = readonly [
      { readonly ':person/friends': readonly [':person/email', ':person/born'] },
      { readonly ':person/employer': readonly ['*'] },
    ];
    expectTypeOf<Pulled<World, Nested>>().toEqualTypeOf<{
      readonly 'person/friends'?: ReadonlyArray<{
        readonly 'person/email': string;
        readonly 'person/born'?: Date;
      }>;
      readonly 'person/employer'?: {
        readonly 'db/id': number;
        readonly 'company/name': string;
        readonly 'company/isPublic'?: boolean;
        readonly 'company/offices'?: ReadonlyArray<{
          readonly 'db/id': number;
          readonly [key: string]: unknown;
        }>;
      };
    }>();
    type Backward = readonly [
      ':person/_employer',
      { readonly ':person/_friends': readonly [':person/email'] },
      { readonly ':company/_offices': readonly [':company/name'] },
    ];
    expectTypeOf<Pulled<World, Backward>>().toEqualTypeOf<{
      readonly 'person/_employer'?: ReadonlyArray<{ readonly 'db/id': number }>;
      readonly 'person/_friends'?: ReadonlyArray<{ readonly 'person/email': string }>;
      readonly 'company/_offices'?: { readonly 'company/name': string };
    }>();
  });

  it('has other names and defaults where the pattern gives them', () => {
    type Renamed = readonly [
      readonly [':person/name', ':as', 'name'],
      readonly [':person/age', ':default', 'unknown'],
    ];
    expectTypeOf<Pulled<World, Renamed>>().toEqualTypeOf<{
      readonly name?: string;
      readonly 'person/age': number | 'unknown';
    }>();
  });

  it('is anything of any kind with a wildcard, and anything at all of a schema that nobody declared', () => {
    type All = Pulled<World, readonly ['*']>;
    expectTypeOf<All['db/id']>().toEqualTypeOf<number>();
    expectTypeOf<All['person/email']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<All['office/city']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Parameters<typeof pull>[0]>().toEqualTypeOf<Database>();
  });

  it('recurs no further than it is written', () => {
    type Deep = readonly [{ readonly ':person/friends': '...' }];
    expectTypeOf<Pulled<World, Deep>>().toEqualTypeOf<{
      readonly 'person/friends'?: ReadonlyArray<{
        readonly 'db/id'?: number;
        readonly [key: string]: unknown;
      }>;
    }>();
  });
});

describe('a declared schema', () => {
  it('is what it declares in a database', () => {
    const declared = new Map(world.txData.map((map) => [map['db/ident'], map]));
    expect([...declared.keys()]).toHaveLength(12);
    expect(declared.get(':person/email')).toEqual({
      'db/ident': ':person/email',
      'db/valueType': ':db.type/string',
      'db/cardinality': ':db.cardinality/one',
      'db/unique': ':db.unique/identity',
    });
    expect(declared.get(':company/offices')).toMatchObject({
      'db/valueType': ':db.type/ref',
      'db/cardinality': ':db.cardinality/many',
      'db/isComponent': true,
    });
    expect(declared.get(':person/age')).toMatchObject({ 'db/index': true });
    expect(declared.get(':company/name')).toMatchObject({ 'db/doc': 'As it is registered.' });
  });

  it('flows from the connection to what is pulled', async () => {
    const config = { store: { backend: 'memory', id: randomUuid() } };
    await createDatabase({ ...config, 'initial-tx': world.txData });
    const connection = await connect(config, { schema: world });
    await transact(connection, [
      {
        'person/email': 'ada@example.com',
        'person/tags': [':math'],
        'person/friends': [{ 'person/email': 'charles@example.com' }],
        'person/employer': {
          'company/name': 'Engines',
          'company/offices': [{ 'office/city': 'London' }],
        },
      },
    ]);
    const present = await db(connection);
    const ada = [':person/email', 'ada@example.com'] as const;
    const pulled = await pull(
      present,
      [
        ':person/email',
        ':person/age',
        { ':person/employer': [':company/name', ':company/offices'] },
      ],
      ada,
    );
    expectTypeOf(pulled).not.toBeAny();
    expectTypeOf(pulled?.['person/age']).toEqualTypeOf<number | undefined>();
    expectTypeOf(pulled?.['person/employer']?.['company/name']).toEqualTypeOf<string | undefined>();
    expect(pulled).toEqual({
      'person/email': 'ada@example.com',
      'person/employer': {
        'company/name': 'Engines',
        'company/offices': [{ 'db/id': expect.any(Number), 'office/city': 'London' }],
      },
    });
    const many = await pullMany(present, [':person/email'], [ada]);
    expectTypeOf(many).toEqualTypeOf<ReadonlyArray<{ readonly 'person/email': string }>>();
    expect(many).toEqual([{ 'person/email': 'ada@example.com' }]);
    await close();
  });
});

it('is checked by the compiler, which is soon done with it', { timeout: 60_000 }, () => {
  const file = fileURLToPath(import.meta.url);
  const root = ts.findConfigFile(dirname(file), (path) => ts.sys.fileExists(path)) ?? '';
  const { config } = ts.readConfigFile(root, (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(root));
  const program = ts.createProgram([file], options);
  const faults = program.getSemanticDiagnostics(program.getSourceFile(file));
  expect(
    faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  ).toEqual([]);
  expect(program.getInstantiationCount()).toBeLessThan(300_000);
});
