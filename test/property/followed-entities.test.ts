/**
 * What follows a database misses nothing: an entity that comes to meet a filter (or meets it no more) is among those that the transaction is said to
 * concern, and a list that says something else has read what was changed. With and without rules of rows, on random filters and transactions.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { viewOf, wholeView } from '../../gateway/access/view.ts';
import { Changes, Reads, recordReads } from '../../gateway/live/reads.ts';
import { concernedBy, wherePoints } from '../../gateway/live/where-points.ts';
import { idEncoder } from '../../gateway/read/global-id.ts';
import { List, NO_PARENTS } from '../../gateway/read/list.ts';
import { ListPlans } from '../../gateway/read/list-plan.ts';
import { NO_FOREIGN } from '../../gateway/read/scope.ts';
import { Warnings } from '../../gateway/read/warnings.ts';
import type { ReadScope } from '../../gateway/read/scope.ts';
import type { Where } from '../../gateway/select/selection.ts';
import type { AccessConfig } from '../../schema/access.ts';
import { kw } from '../../schema/keyword.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Reader, Snapshot } from '../../services/reader/reader.ts';
import { openWorld } from '../gateway/world-database.ts';
import { runs } from '../support/runs.ts';

const ACCESS: AccessConfig = {
  roles: {
    visitor: {
      types: {
        City: { read: { country: { independent: { eq: true } } } },
        Country: { read: { _not: { _cityByCountry: { some: { name: { eq: 'B' } } } } } },
        CityMonuments: { read: true },
      },
    },
  },
};

const NAMES = ['A', 'B', 'C', 'Paris', 'France'];
const name = fc.constantFrom(...NAMES);
const truth = fc.boolean();

const { city } = fc.letrec<{ city: Where; country: Where }>((tie) => {
  const of = (target: 'city' | 'country') => tie(target);
  const quantified = (target: 'city' | 'country') =>
    fc.oneof(
      { depthSize: 'small' },
      fc.record({ count: fc.record({ gte: fc.nat(2) }) }),
      fc.record({ some: of(target) }),
      fc.record({ every: of(target) }),
      fc.record({ none: of(target) }),
    );
  const combined = (target: 'city' | 'country') => [
    fc.record({ _not: of(target) }),
    fc.record({ _and: fc.array(of(target), { minLength: 1, maxLength: 2 }) }),
    fc.record({ _or: fc.array(of(target), { minLength: 1, maxLength: 2 }) }),
  ];
  return {
    city: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ name: fc.record({ eq: name }) }),
      fc.record({ population: fc.record({ isNull: truth }) }),
      fc.record({ country: fc.record({ _isNull: truth }) }),
      fc.record({ monuments: fc.record({ count: fc.record({ eq: fc.nat(2) }) }) }),
      fc.record({ country: of('country') }),
      ...combined('city'),
    ) as fc.Arbitrary<Where>,
    country: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ name: fc.record({ eq: name }) }),
      fc.record({ independent: fc.record({ eq: truth }) }),
      fc.record({ borders: quantified('country') }),
      fc.record({ _cityByCountry: quantified('city') }),
      ...combined('country'),
    ) as fc.Arbitrary<Where>,
  };
});

/** Places among the cities and the countries that there are at first. */
const place = fc.nat(20);

const operation = fc.oneof(
  fc.tuple(fc.constant('rename city'), place, name),
  fc.tuple(fc.constant('rename country'), place, name),
  fc.tuple(fc.constant('independent'), place, truth),
  fc.tuple(fc.constant('move'), place, place),
  fc.tuple(fc.constant('border'), place, place),
  fc.tuple(fc.constant('no border'), place, place),
  fc.tuple(fc.constant('found'), place, name),
  fc.tuple(fc.constant('destroy'), place, fc.constant('')),
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function entitiesWith(snapshot: Snapshot, ident: string): Promise<ReadonlyArray<number>> {
  const query = `[:find [?e ...] :where [?e :${ident}]]`;
  return ((await snapshot.q(query)) as number[]).toSorted((one, other) => one - other);
}

async function write(
  [kind, at, to]: Operation,
  cities: ReadonlyArray<number>,
  countries: ReadonlyArray<number>,
): Promise<EdnData> {
  const cityAt = (index: number): number => cities[index % cities.length] ?? 0;
  const countryAt = (index: number): number => countries[index % countries.length] ?? 0;
  const add = (e: EdnData, ident: string, value: EdnData): EdnData => [
    kw('db/add'),
    e,
    kw(ident),
    value,
  ];
  switch (kind) {
    case 'rename city':
      return add(cityAt(at), 'city/name', to);
    case 'rename country':
      return add(countryAt(at), 'country/name', to);
    case 'independent':
      return add(countryAt(at), 'country/independent?', to);
    case 'move':
      return add(cityAt(at), 'city/country', countryAt(Number(to)));
    case 'border':
      return add(countryAt(at), 'country/borders', countryAt(Number(to)));
    case 'no border': {
      const border = [kw('country/borders'), countryAt(Number(to))];
      return [kw('db/retract'), countryAt(at), ...border];
    }
    case 'found':
      return add('new', 'city/name', to);
    default:
      return [kw('db/retractEntity'), cityAt(at)];
  }
}

function scopes(reader: Reader, isRestricted: boolean): (snapshot: Snapshot) => ReadScope {
  const whole = buildModel(reader.current().attributes.values());
  const { model, rules } = isRestricted
    ? viewOf(whole, 'world', ACCESS, ['visitor'])
    : wholeView(whole);
  const lists = new ListPlans(model, 'world', rules);
  const encodeId = idEncoder('world');
  return (snapshot) => ({
    model,
    database: 'world',
    lists,
    claims: [],
    encodeId,
    snapshot,
    limits: {},
    snapshotAt: (tx) => Promise.resolve(snapshot.asOf(tx)),
    log: reader,
    foreign: NO_FOREIGN,
    warnings: new Warnings(),
    asOf: undefined,
    code: undefined,
    isPast: false,
  });
}

it('tells whom a transaction concerns, and which lists it changes', async () => {
  await fc.assert(
    fc.asyncProperty(
      city,
      truth,
      fc.array(operation, { minLength: 1, maxLength: 6 }),
      async (where, isRestricted, operations) => {
        const { reader, writer, close } = await openWorld();
        try {
          const scopeOn = scopes(reader, isRestricted);
          const { model, lists } = scopeOn(reader.current());
          const type = model.types.get('City');
          if (type === undefined) throw new Error('Expected cities');
          const points = wherePoints(model, lists.rules, type, where);
          const open = (snapshot: Snapshot) =>
            List.open(
              scopeOn(snapshot),
              { kind: 'type', type },
              { where, orderBy: [{ name: 'ASC' }] },
            );
          for (const each of operations) {
            const before = reader.current();
            const cities = await entitiesWith(before, 'city/name');
            const countries = await entitiesWith(before, 'country/name');
            const { tx } = await writer.transact({
              txData: [await write(each, cities, countries)],
            });
            const after = await reader.snapshot({ minTx: tx });
            const following = reader.transactions(tx, new AbortController().signal);
            const { value } = await following[Symbol.asyncIterator]().next();
            const { changes } = value as { changes: [] };
            const all = [...cities, ...(await entitiesWith(after, 'city/name'))];
            const was = await (await open(before)).among(all);
            const is = await (await open(after)).among(all);
            const concerned = await concernedBy(points, changes, [before, after]);
            expect(all.filter((e) => was.has(e) !== is.has(e) && !concerned.has(e))).toEqual([]);
            const reads = new Reads();
            const pageIn = async (snapshot: Snapshot): Promise<unknown> =>
              (await (await open(snapshot)).pages(NO_PARENTS, false))(undefined).entities;
            const page = await pageIn(recordReads(before, reads));
            if (!reads.meet(new Changes(changes))) expect(await pageIn(after)).toEqual(page);
          }
        } finally {
          await close();
        }
      },
    ),
    runs(150),
  );
});
