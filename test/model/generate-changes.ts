/** Random changes of the schema within a history: allowed ones and others. */
import fc from 'fast-check';
import { kw, sym } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { World } from './generate-schemas.ts';
import { definitionOf, slot } from './generate-schemas.ts';

const NEW_NAMES = ['z/one', 'z/two'];

/** What may be said of an attribute, allowed or not. */
const sayings: fc.Arbitrary<readonly [string, EdnData]> = fc.constantFrom<
  readonly [string, EdnData]
>(
  ['db/cardinality', kw('db.cardinality/many')],
  ['db/cardinality', kw('db.cardinality/one')],
  ['db/doc', 'one'],
  ['db/doc', 'other'],
  ['db/noHistory', true],
  ['db/noHistory', false],
  ['db/index', true],
  ['db/index', true],
  ['db/index', false],
  ['db/unique', kw('db.unique/value')],
  ['db/unique', kw('db.unique/identity')],
  ['db/isComponent', true],
  ['db/maxLength', 2],
  ['db/valueType', kw('db.type/string')],
);

/** `renames`: also of attributes that name themselves by their idents. */
export function changesOfSchema({ config, slots }: World, renames: boolean): fc.Arbitrary<EdnData> {
  // The members of composite tuples stay what they are.
  const changeable = slots.filter(({ type }) => type !== 'tuple').map(({ ident }) => ident);
  const members = ['x/n', 'kind', 'x/code', 'x/ref'];
  const names = fc.constantFrom(...changeable, 'x/n', ...NEW_NAMES).map(kw);
  const allowed = fc.tuple(names, sayings).filter(([name, [part, value]]) => {
    const isMember = members.includes(String(name).slice(1));
    if (part === 'db/cardinality') return !isMember;
    return (
      part !== 'db/isComponent' ||
      ['x/ref', 'y/refs'].includes(String(name).slice(1)) ||
      value !== true
    );
  });
  const flags = fc.record({
    isMany: fc.boolean(),
    isIndexed: fc.boolean(),
    isForgetful: fc.boolean(),
  });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: allowed.map(([name, [part, value]]): EdnData => [
        kw('db/add'),
        name,
        kw(part),
        value,
      ]),
    },
    {
      weight: 2,
      arbitrary: allowed.map(
        ([name, [part, value]]): EdnData =>
          new Map<EdnData, EdnData>([
            [kw('db/id'), name],
            [kw(part), value],
          ]),
      ),
    },
    {
      weight: 1,
      arbitrary: allowed.map(
        ([name, [part, value]]): EdnData =>
          new Map<EdnData, EdnData>([
            [kw('db/ident'), name],
            [kw(part), value],
          ]),
      ),
    },
    {
      weight: 3,
      arbitrary: allowed.map(([name, [part, value]]): EdnData => [
        kw('db/retract'),
        name,
        kw(part),
        value,
      ]),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...NEW_NAMES), fc.constantFrom('long', 'string', 'ref'), flags)
        .map(([name, type, more]) => definitionOf(slot(name, type, more))),
    },
    {
      weight: renames || config.attributeRefs ? 2 : 0,
      arbitrary: fc
        .tuple(names, fc.constantFrom(...NEW_NAMES, 'x/tags', 'free').map(kw))
        .map(([name, other]): EdnData => [kw('db/add'), name, kw('db/ident'), other]),
    },
    { weight: 1, arbitrary: names.map((name): EdnData => [kw('db/retractEntity'), name]) },
    {
      weight: 1,
      arbitrary: names.map((name): EdnData => [
        kw('db/add'),
        name,
        kw('db.attr/preds'),
        sym('model/short?'),
      ]),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.integer({ min: 100, max: 106 }),
          fc.constantFrom(...NEW_NAMES).map(kw),
          fc.constantFrom<EdnData>(1, 2, 'a', 'b', 101),
        )
        .map(([e, name, v]): EdnData => [kw('db/add'), e, name, v]),
    },
  );
}
