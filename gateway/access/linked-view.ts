/** What callers see of other databases in this one: from each, what can be reached from the attributes that are referenced, as their roles there show it. */
import {
  foreignDatabases,
  foreignModel,
  linkedModel,
  reachableModel,
} from '../../schema/model/foreign-model.ts';
import type { ForeignField, Model } from '../../schema/model/model.ts';
import { foreignPrefix } from '../../schema/model/naming.ts';
import type { RowRules } from '../read/row-rules.ts';
import type { View } from './view.ts';

export interface LinkedView extends View {
  /** By the names of databases. */
  readonly foreign: ReadonlyMap<string, View>;
}

/** `viewOf`: what the caller sees of another database, undefined for nothing. */
export function linkView(view: View, viewOf: (database: string) => View | undefined): LinkedView {
  const foreign = new Map<string, View>();
  for (const database of foreignDatabases(view.model)) {
    const seen = viewOf(database);
    if (seen !== undefined) foreign.set(database, foreignView(seen, database));
  }
  if (foreign.size === 0) return { ...view, foreign };
  const model = linkedModel(view.model, (field) => {
    const there = foreign.get(field.database)?.model;
    return there === undefined ? undefined : targetIn(there, field);
  });
  for (const [database, there] of foreign) {
    const targets = Array.from(model.types.values()).flatMap((type) =>
      Array.from(type.foreign.values()).flatMap((field) =>
        field.database === database && field.target !== undefined ? [field.target] : [],
      ),
    );
    foreign.set(database, { ...there, model: reachableModel(there.model, targets) });
  }
  return { ...view, model, foreign };
}

/** The name of the type with the referenced attribute, where the caller sees that, and it is unique and of the same values. */
function targetIn(
  { typesByAttribute }: Model,
  { attribute, key }: ForeignField,
): string | undefined {
  const type = typesByAttribute.get(attribute);
  const isReferenced = Array.from(type?.fields.values() ?? []).some(
    (field) =>
      field.kind === 'scalar' &&
      field.attribute.ident === attribute &&
      field.attribute.unique !== undefined &&
      field.attribute.valueType === key.attribute.valueType,
  );
  return isReferenced ? type?.name : undefined;
}

function foreignView({ model, rules, claims }: View, database: string): View {
  const prefix = foreignPrefix(database);
  const whereOf: RowRules['whereOf'] = (type, kind) =>
    rules.whereOf(type.slice(prefix.length), kind);
  const whole = rules.model === undefined ? undefined : foreignModel(rules.model, database);
  return {
    model: foreignModel(model, database),
    rules: { ...rules, model: whole, whereOf },
    claims,
    introspection: false,
  };
}
