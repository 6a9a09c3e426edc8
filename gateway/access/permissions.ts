/** What several roles together allow on one type. */
import type { FieldRule, RoleConfig, Rule, TypeRule } from '../../schema/access.ts';

export interface TypePermissions {
  readonly read: Rule;
  readonly create: Rule;
  readonly update: Rule;
  readonly delete: Rule;
  readonly history: boolean;
  readonly canRead: (field: string) => boolean;
  readonly canWrite: (field: string) => boolean;
}

const ALL = '*';

/** Roles add up: what one of them allows is allowed. */
export function permissionsFor(roles: ReadonlyArray<RoleConfig>, type: string): TypePermissions {
  const rules = roles.flatMap(({ types }) => {
    const rule = ownOf(types, type) ?? ownOf(types, ALL);
    return rule === undefined ? [] : [rule];
  });
  const anyOf = (kind: 'read' | 'create' | 'update' | 'delete'): Rule =>
    either(rules.map((rule) => rule[kind] ?? false));
  const readers = rules.filter(({ read = false }) => read !== false);
  const writers = rules.filter(
    ({ create = false, update = false }) => create !== false || update !== false,
  );
  return {
    read: anyOf('read'),
    create: anyOf('create'),
    update: anyOf('update'),
    delete: anyOf('delete'),
    history: readers.some(({ history }) => history === true),
    canRead: (field) => readers.some((rule) => fieldRule(rule, field)?.read !== false),
    canWrite: (field) => writers.some((rule) => fieldRule(rule, field)?.write !== false),
  };
}

function either(rules: ReadonlyArray<Rule>): Rule {
  if (rules.includes(true)) return true;
  const filters = rules.filter((rule) => rule !== false);
  const [only, ...others] = filters;
  if (only === undefined) return false;
  return others.length === 0 ? only : { _or: filters };
}

function fieldRule({ fields = {} }: TypeRule, field: string): FieldRule | undefined {
  return ownOf(fields, field) ?? ownOf(fields, ALL);
}

function ownOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
