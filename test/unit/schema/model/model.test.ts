import { describe, expect, it } from 'vitest';
import { kw } from '../../../../schema/keyword.ts';
import { buildModel } from '../../../../schema/model/build-model.ts';
import type { Model } from '../../../../schema/model/model.ts';
import { shapeName } from '../../../../schema/model/shapes.ts';
import type { EdnData } from '../../../../schema/value.ts';
import { primaryType } from '../../../../schema/model/primary-type.ts';
import { attributes, IDENTITY, MANY } from './attributes.ts';

/** `{ Type: { field: what it leads to or holds } }` */
function outline(model: Model): Record<string, Record<string, string>> {
  const types = Array.from(model.types.values(), (type) => {
    const fields = Array.from(type.fields.values(), (field) => {
      const held = field.kind === 'scalar' ? shapeName(field.shape) : (field.target ?? 'Entity');
      return [field.name, field.many ? `[${held}]` : held];
    });
    return [type.name, Object.fromEntries(fields) as Record<string, string>];
  });
  return Object.fromEntries(types) as Record<string, Record<string, string>>;
}

describe('the model', () => {
  it('has a type for each namespace and a field for each attribute', () => {
    const model = buildModel(
      attributes(
        ['person/first-name', 'string'],
        ['person/emails', 'string', MANY],
        ['person/born', 'instant'],
        ['age', 'long'],
      ),
    );
    expect(outline(model)).toEqual({
      Person: { firstName: 'String', emails: '[String]', born: 'DateTime' },
      Record: { age: 'Long' },
    });
  });

  it('leaves out what belongs to the database', () => {
    const model = buildModel(
      attributes(
        ['db/doc', 'string'],
        ['db.install/x', 'ref'],
        ['gateway/targets', 'keyword', MANY],
      ),
    );
    expect(outline(model)).toEqual({});
  });

  it('follows a reference by its annotation, as a component, and by its local name', () => {
    const model = buildModel(
      attributes(
        ['country/name', 'string'],
        ['country/borders', 'ref', { ...MANY, annotations: { targets: [kw('country')] } }],
        ['city/country', 'ref'],
        ['city/friend', 'ref'],
        ['order/lines', 'ref', { ...MANY, component: true }],
        ['order.lines/count', 'long'],
      ),
    );
    expect(outline(model)).toEqual({
      Country: {
        name: 'String',
        borders: '[Country]',
        _countryByBorders: '[Country]',
        _cityByCountry: '[City]',
      },
      City: { country: 'Country', friend: 'Entity' },
      Order: { lines: '[OrderLines]' },
      OrderLines: { _orderByLines: 'Order', count: 'Long' },
    });
  });

  it('leads to any entity where several types are possible or the only one is missing', () => {
    const model = buildModel(
      attributes(
        ['a/x', 'string'],
        ['b/x', 'string'],
        ['c/one', 'ref', { annotations: { targets: [kw('a'), kw('b')] } }],
        ['c/two', 'ref', { annotations: { targets: [kw('nowhere')] } }],
      ),
    );
    expect(outline(model)['C']).toEqual({ one: 'Entity', two: 'Entity' });
    expect(model.notes).toEqual([':c/two targets :nowhere, which has no attributes']);
  });

  it('does not turn a reference to any entity into a typed one when the namespace comes later', () => {
    const [ref, name] = attributes(['album/artist', 'ref'], ['artist/name', 'string']);
    const model = buildModel([ref!, { ...name!, installedTx: 536870920 }]);
    expect(outline(model)['Album']).toEqual({ artist: 'Entity' });
  });

  it('keeps every name and target while attributes are added', () => {
    const all = attributes(
      ['person/first-name', 'string'],
      ['person/firstName', 'string'],
      ['person/friend', 'ref'],
      ['friend/name', 'string'],
      ['person.where/x', 'ref', { annotations: { targets: [kw('person')] } }],
      ['person/where', 'string'],
    ).map((attribute, i) => ({ ...attribute, installedTx: 536870914 + i }));
    const full = outline(buildModel(all));
    for (let count = 1; count < all.length; count += 1) {
      for (const [type, fields] of Object.entries(outline(buildModel(all.slice(0, count))))) {
        expect(full[type]).toMatchObject(fields);
      }
    }
  });

  it('shows an entity under the type of its first identity, else of its first attribute', () => {
    const model = buildModel(
      attributes(
        ['person/name', 'string'],
        ['employee/number', 'long', IDENTITY],
        ['person/email', 'string', IDENTITY],
      ),
    );
    const typeOf = (...idents: ReadonlyArray<string>) => primaryType(model, idents.map(kw))?.name;
    expect(typeOf('person/name')).toBe('Person');
    expect(typeOf('person/name', 'employee/number')).toBe('Employee');
    expect(typeOf('person/email', 'employee/number')).toBe('Employee');
    expect(typeOf('db/ident')).toBeUndefined();
  });

  it('shows an entity under the type that it says itself, where it has that type', () => {
    const all = attributes(
      ['person/email', 'string', IDENTITY],
      ['employee/number', 'long'],
      ['thing/kind', 'keyword'],
    );
    const model = buildModel(all, { discriminator: kw('thing/kind') });
    const idents = ['person/email', 'employee/number', 'thing/kind'].map(kw);
    const typeOf = (said: EdnData) => primaryType(model, idents, said)?.name;
    expect(typeOf(kw('employee'))).toBe('Employee');
    expect(typeOf('employee')).toBe('Employee');
    expect(typeOf(kw('company'))).toBe('Person');
    expect(typeOf(7)).toBe('Person');
    expect(model.notes).toEqual([]);
    const { notes } = buildModel(all, { discriminator: kw('thing/sort') });
    expect(notes).toEqual(['The discriminator :thing/sort is no attribute']);
  });
});
