import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  claimFieldName,
  claimReverseName,
  claimTypeName,
  exactForm,
  foreignPrefix,
  reservedTypeClaims,
  rootNames,
} from '../../../../schema/model/naming.ts';

const typeNames = (...namespaces: ReadonlyArray<string>): ReadonlyArray<string> => {
  const claims = reservedTypeClaims();
  return namespaces.map((namespace) => claimTypeName(claims, namespace));
};

const fieldNames = (namespace: string, ...locals: ReadonlyArray<string>): ReadonlyArray<string> => {
  const claims = new Set<string>();
  return locals.map((local) => claimFieldName(claims, { namespace, name: local }));
};

describe('type names', () => {
  it.each([
    ['person', 'Person'],
    ['crm.person', 'CrmPerson'],
    ['order-line', 'OrderLine'],
    ['', 'Record'],
    ['2fa', 'N2fa'],
    ['größe', 'gr_xf6__xdf_e'],
  ])('%s is %s', (namespace, name) => {
    expect(typeNames(namespace)).toEqual([name]);
  });

  it('are exact where the pretty form is taken by an earlier namespace', () => {
    expect(typeNames('crm.person', 'crm-person')).toEqual(['CrmPerson', 'crm_x2d_person']);
  });

  it('are exact where they would be a type of the API', () => {
    expect(typeNames('query', 'string', 'long-ops', 'page-info')).toEqual([
      'query_x_',
      'string_x_',
      'long_x2d_ops',
      'page_x2d_info',
    ]);
  });

  it('are exact where they would be the input of an earlier type, and the other way round', () => {
    expect(typeNames('person', 'person.where')).toEqual(['Person', 'person_x2e_where']);
    expect(typeNames('person.where', 'person')).toEqual(['PersonWhere', 'person_x_']);
  });

  it('give the names at the root', () => {
    expect(rootNames('CrmPerson')).toEqual({
      lookup: 'crmPerson',
      connection: 'crmPersonConnection',
      diff: 'crmPersonDiff',
      groups: 'crmPersonGroups',
      changed: 'crmPersonChanged',
      create: 'createCrmPerson',
      update: 'updateCrmPerson',
      upsert: 'upsertCrmPerson',
      delete: 'deleteCrmPerson',
      updateMany: 'updateCrmPersons',
      deleteMany: 'deleteCrmPersons',
      route: 'crm-person',
    });
  });
});

describe('field names', () => {
  it.each([
    ['first-name', 'firstName'],
    ['active?', 'active'],
    ['2fa', 'n2fa'],
    ['URL', 'url'],
    ['cca2', 'cca2'],
    ['id', 'personId'],
    ['history', 'personHistory'],
    ['_hidden', 'hidden'],
    ['+', 'x_x2b_'],
    ['__proto__', 'proto'],
    ['größe', 'gr_xf6__xdf_e'],
  ])('%s is %s', (local, name) => {
    expect(fieldNames('person', local)).toEqual([name]);
  });

  it('are exact where an earlier attribute has the pretty form', () => {
    expect(fieldNames('person', 'first-name', 'firstName', 'first_name')).toEqual([
      'firstName',
      'firstName_x_',
      'first_x5f_name',
    ]);
  });

  it('keep the name of the connection of a reference free', () => {
    expect(fieldNames('album', 'tracks', 'tracks-connection')).toEqual([
      'tracks',
      'tracks_x2d_connection',
    ]);
  });

  it('lead back from a target under a name that no attribute can have', () => {
    expect(claimReverseName(new Set(), 'City', 'country')).toBe('_cityByCountry');
  });
});

describe('names of any ident', () => {
  const anyName = fc.string({ unit: 'grapheme', minLength: 1 });

  it('are valid, do not begin with _ and are all different', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { minLength: 1, maxLength: 20 }), (locals) => {
        const names = fieldNames('person', ...locals);
        expect(new Set(names).size).toBe(locals.length);
        for (const name of names) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
      }),
    );
  });

  it('do not change when more idents come later', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 20 }), fc.nat(20), (namespaces, cut) => {
        expect(typeNames(...namespaces).slice(0, cut)).toEqual(
          typeNames(...namespaces.slice(0, cut)),
        );
      }),
    );
  });

  it('have different exact forms', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        fc.pre(a !== b);
        expect(exactForm(a)).not.toBe(exactForm(b));
      }),
    );
  });
});

it('gives no two databases one prefix', () => {
  const pretty = ['a', 'b', 'ab', 'a-b', 'a.b', 'a_b', 'A', 'Ab', 'a1', 'a-1', '1a', 'é', 'a-B'];
  const prefixes = pretty.map(foreignPrefix);
  expect(new Set(prefixes).size).toBe(pretty.length);
  expect(foreignPrefix('catalogue')).toBe('Catalogue_');
  expect(foreignPrefix('my-shop')).toBe('MyShop_');
});
