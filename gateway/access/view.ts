/**
 * What callers of some roles see of a database: a model without what is hidden, and rules for the rows of the rest. Views are made of roles, not of
 * callers, so that there are few; what differs between callers of one view are their claims.
 */
import type { AccessConfig, Claims, RoleConfig, Rule } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Model } from '../../schema/model/model.ts';
import { shapeFromJson } from '../../schema/model/shapes.ts';
import type { EdnData } from '../../schema/value.ts';
import { decodeId } from '../read/global-id.ts';
import { ClaimSlot, ConstantSlot, NO_RULES } from '../read/row-rules.ts';
import type { AccessKind, RowRules } from '../read/row-rules.ts';
import type { Where } from '../select/selection.ts';
import type { OperandShape } from '../select/where-from-json.ts';
import { whereFromJson } from '../select/where-from-json.ts';
import { permissionsFor } from './permissions.ts';
import type { Principal } from './principal.ts';
import { restrictModel } from './restrict-model.ts';

export interface View {
  readonly model: Model;
  readonly rules: RowRules;
  /** The paths of the claims that rules speak of, in the order of their slots. */
  readonly claims: ReadonlyArray<string>;
  readonly introspection: boolean;
}

/** Everything; that of developers. */
export function wholeView(model: Model): View {
  return { model, rules: NO_RULES, claims: [], introspection: false };
}

/**
 * The roles that a caller has in a database: those that are configured for it, and whose rules speak of no claim that the caller lacks. They are
 * undefined for callers who may do everything.
 *
 * @throws FORBIDDEN where there is none
 */
export function grantedRoles(
  access: AccessConfig | undefined,
  principal: Principal,
  database: string,
): ReadonlyArray<string> | undefined {
  const there = rolesThere(access, principal, database);
  if (there !== undefined) return there.roles;
  throw new DatabaseError('FORBIDDEN', 'The caller has no role in this database');
}

/** As {@link grantedRoles}; undefined where there is none, so that the caller sees nothing of the database. */
export function rolesThere(
  access: AccessConfig | undefined,
  { roles, claims }: Principal,
  database: string,
): { readonly roles: ReadonlyArray<string> | undefined } | undefined {
  if (access === undefined || roles === undefined) return { roles: undefined };
  const granted = roles.filter((name) => {
    const role = Object.hasOwn(access.roles, name) ? access.roles[name] : undefined;
    if (role === undefined) return false;
    const isHere = role.databases === undefined || role.databases.includes(database);
    return isHere && claimsOf(role).every((path) => claimAt(claims, path) !== undefined);
  });
  return granted.length === 0 ? undefined : { roles: granted.toSorted() };
}

/** What callers of some roles see; those without any may do everything. @throws BAD_CONFIG where a rule is none of the database */
export function seenBy(
  access: AccessConfig | undefined,
  model: Model,
  database: string,
  roles: ReadonlyArray<string> | undefined,
): View {
  return access === undefined || roles === undefined
    ? wholeView(model)
    : viewOf(model, database, access, roles);
}

/** @throws BAD_CONFIG where a rule is none of the database */
export function viewOf(
  model: Model,
  database: string,
  access: AccessConfig,
  roles: ReadonlyArray<string>,
): View {
  const configs = roles.flatMap((name) => access.roles[name] ?? []);
  const restricted = restrictModel(model, ({ name }) => permissionsFor(configs, name));
  const claims = Array.from(new Set(configs.flatMap(claimsOf)));
  const read = operandReader(database, claims);
  const whereByType = new Map<string, Partial<Record<AccessKind, Where>>>();
  for (const type of restricted.types.keys()) {
    const permissions = permissionsFor(configs, type);
    const filters: Partial<Record<AccessKind, Where>> = {};
    for (const kind of ACCESS_KINDS) {
      const rule = permissions[kind];
      if (typeof rule !== 'boolean') filters[kind] = readRule(model, type, kind, rule, read);
    }
    whereByType.set(type, filters);
  }
  const hidesRows = Array.from(whereByType.values()).some((filters) => filters.read !== undefined);
  return {
    model: restricted,
    rules: {
      model,
      whereOf: (type, kind) => whereByType.get(type)?.[kind],
      isRestricted: hidesRows || restricted.types.size < model.types.size,
    },
    claims,
    introspection: configs.some(({ introspection }) => introspection === true),
  };
}

const ACCESS_KINDS: ReadonlyArray<AccessKind> = ['read', 'create', 'update', 'delete'];

function readRule(
  model: Model,
  type: string,
  kind: AccessKind,
  rule: Exclude<Rule, boolean>,
  read: ReturnType<typeof operandReader>,
): Where {
  try {
    return whereFromJson(model, type, rule, read, `access: ${type}.${kind}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError('BAD_CONFIG', why, { cause });
  }
}

const CLAIM = /^\$claims\.([\w.:/-]+)$/;

/** Values of rules in slots: those of claims, or the ones that stand there. */
function operandReader(database: string, claims: ReadonlyArray<string>) {
  const valueOf = (shape: OperandShape, json: unknown, place: string): EdnData =>
    shape.kind === 'id' ? decodeId(database, String(json)) : shapeFromJson(shape, json, place);
  return (shape: OperandShape, json: unknown, place: string): unknown => {
    const path = typeof json === 'string' ? CLAIM.exec(json)?.[1] : undefined;
    if (path !== undefined)
      return new ClaimSlot(claims.indexOf(path), (claim) =>
        Array.isArray(claim)
          ? claim.map((each: unknown) => valueOf(shape, each, place))
          : valueOf(shape, claim, place),
      );
    if (typeof json === 'boolean') return json;
    // A vector is a list itself.
    const isList = Array.isArray(json) && (shape.kind !== 'vector' || json.every(Array.isArray));
    if (!isList) return new ConstantSlot(valueOf(shape, json, place));
    const values = json.map((each: unknown) => valueOf(shape, each, place));
    return place.endsWith('.hasAll')
      ? values.map((value) => new ConstantSlot(value))
      : new ConstantSlot(values);
  };
}

const claimsByRole = new WeakMap<RoleConfig, ReadonlyArray<string>>();

/** The claims that the rules of a role speak of. */
function claimsOf(role: RoleConfig): ReadonlyArray<string> {
  let claims = claimsByRole.get(role);
  if (claims === undefined) {
    claims = Array.from(new Set(claimsIn(role.types)));
    claimsByRole.set(role, claims);
  }
  return claims;
}

function claimsIn(data: unknown): ReadonlyArray<string> {
  if (typeof data === 'string') {
    const path = CLAIM.exec(data)?.[1];
    return path === undefined ? [] : [path];
  }
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(claimsIn) : [];
}

/** A claim by its path, in which dots go down into objects; undefined where there is none. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path] ?? undefined;
  return path
    .split('.')
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? ((value as Record<string, unknown>)[step] ?? undefined)
          : undefined,
      claims,
    );
}
