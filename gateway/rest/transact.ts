/** Several writes in one transaction, in the forms of REST: `{"ops": [{"createCity": {"input": {…}}}], "if": {…}, "meta": {…}, "dryRun": true}`. */
import type { EntityType, Model } from '../../schema/model/model.ts';
import { valueFromJson } from '../../schema/model/scalars.ts';
import type { WriteField } from '../generate/graphql/root-fields.ts';
import { mutationFields } from '../generate/graphql/root-fields.ts';
import type { RequestContext } from '../http/context.ts';
import { badInput } from '../read/bad-input.ts';
import { readEntity } from '../read/entity-json.ts';
import { jsonKey, quote } from '../read/json.ts';
import { suggest } from '../read/suggest.ts';
import { commitWrites } from '../write/commit.ts';
import type { CommitRequest, Written } from '../write/commit.ts';
import { TEMPID } from '../write/draft.ts';
import type { Input } from '../write/input.ts';
import { isGiven, listAt, objectAt } from '../write/input.ts';
import type { EntityCondition, TxCondition } from '../write/requirements.ts';
import type { Write } from '../write/write.ts';
import {
  parseAttrs,
  parseBy,
  parseInput,
  parseMergePatch,
  requireParts,
  requireType,
} from './parse-body.ts';
import { appliedHeader } from './preferences.ts';
import { entityPlan } from './rest-plans.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
import { JSON_TYPE } from './rest-request.ts';

export async function transact(context: RequestContext, request: RestRequest): Promise<RestAnswer> {
  requireType(request, [JSON_TYPE]);
  const { idempotencyKey, preferences } = request;
  const parsed = parseTransaction(context.model, request.body);
  const written = await commitWrites(context, { ...parsed, idempotencyKey });
  const headers = appliedHeader(preferences, 'return');
  const parts = [txJson(written), `"tempids":${tempidsJson(context, written)}`];
  if (preferences.returns !== 'minimal')
    parts.push(`"entities":[${(await entitiesJson(context, parsed.writes, written)).join(',')}]`);
  return { status: 200, headers, body: `{${parts.join(',')}}` };
}

const PARTS: ReadonlySet<string> = new Set(['ops', 'if', 'meta', 'dryRun']);

/** @throws BAD_USER_INPUT */
export function parseTransaction(model: Model, json: unknown): CommitRequest {
  const body = objectAt(json, 'body');
  requireParts(body, PARTS, 'body');
  const { ops, if: condition, meta, dryRun } = body;
  const fields = mutationFields(model);
  const writes = listAt(ops, 'ops').map((op, i) => {
    const place = `ops[${i}]`;
    const [entry, ...others] = Object.entries(objectAt(op, place));
    if (entry === undefined || others.length > 0) throw badInput(place, 'must hold one write');
    const [name, given] = entry;
    const field = fields.get(name);
    if (field === undefined || field.kind === 'transact')
      throw badInput(`${place}.${name}`, `is no write${suggest(name, Array.from(fields.keys()))}`);
    return parseWrite(model, field, objectAt(given, `${place}.${name}`), `${place}.${name}`);
  });
  if (writes.length === 0) throw badInput('ops', 'must hold at least one write');
  if (isGiven(dryRun) && typeof dryRun !== 'boolean') throw badInput('dryRun', 'must be a boolean');
  return {
    writes,
    if: isGiven(condition) ? parseTxCondition(condition) : undefined,
    meta: isGiven(meta) ? parseMeta(model, meta) : undefined,
    dryRun: dryRun === true,
  };
}

const PARTS_OF_WRITE: Readonly<Record<string, ReadonlySet<string>>> = {
  create: new Set(['tempid', 'input']),
  update: new Set(['by', 'patch', 'if']),
  upsert: new Set(['tempid', 'by', 'input', 'if']),
  delete: new Set(['by', 'if']),
};

function parseWrite(model: Model, { kind, type }: WriteField, given: Input, place: string): Write {
  const parts = PARTS_OF_WRITE[kind];
  if (parts === undefined) throw badInput(place, 'is a transaction of its own');
  requireParts(given, parts, place);
  const tempid = isGiven(given['tempid']) ? String(given['tempid']) : undefined;
  const by = () => parseBy(model, type.name, given['by'], `${place}.by`);
  const input = () => parseInput(model, type, given['input'], `${place}.input`);
  const condition = isGiven(given['if'])
    ? parseCondition(model, type, given['if'], `${place}.if`)
    : undefined;
  switch (kind) {
    case 'create':
      return { kind, type, input: input(), tempid };
    case 'upsert': {
      const named = isGiven(given['by']) ? by() : undefined;
      return { kind, type, by: named, input: input(), if: condition, tempid };
    }
    case 'delete':
      return { kind, type, by: by(), if: condition };
    default: {
      const patch = parseMergePatch(model, type, given['patch'], `${place}.patch`);
      return { kind: 'update', type, by: by(), patch, if: condition };
    }
  }
}

function parseCondition(
  model: Model,
  type: EntityType,
  json: unknown,
  place: string,
): EntityCondition {
  const given = objectAt(json, place);
  requireParts(given, new Set(['version', 'attrs']), place);
  const { version, attrs } = given;
  return {
    version: isGiven(version) ? longAt(version, `${place}.version`) : undefined,
    attrs: isGiven(attrs) ? parseAttrs(model, type, attrs, `${place}.attrs`) : undefined,
  };
}

function parseTxCondition(json: unknown): TxCondition {
  const given = objectAt(json, 'if');
  requireParts(given, new Set(['basisT', 'versions']), 'if');
  const { basisT, versions } = given;
  return {
    basisT: isGiven(basisT) ? longAt(basisT, 'if.basisT') : undefined,
    versions: listAt(versions ?? [], 'if.versions').map((each, i) => {
      const { id, version } = objectAt(each, `if.versions[${i}]`);
      return { id: String(id), version: longAt(version, `if.versions[${i}].version`) };
    }),
  };
}

function parseMeta(model: Model, json: unknown): CommitRequest['meta'] {
  const types = new Map(Array.from(model.types.values(), (type) => [type.names.lookup, type]));
  const entries = Object.entries(objectAt(json, 'meta')).map(([name, input]) => {
    const type = types.get(name);
    if (type === undefined)
      throw badInput(`meta.${name}`, `names no type${suggest(name, Array.from(types.keys()))}`);
    return [name, parseInput(model, type, input, `meta.${name}`)] as const;
  });
  return Object.fromEntries(entries);
}

function longAt(json: unknown, place: string): number {
  return valueFromJson('Long', json, place) as number;
}

function txJson({ result }: Written): string {
  if (result === undefined) return '"tx":null';
  return `"tx":{"t":"${result.tx}","instant":${quote(result.instant.toISOString())}}`;
}

function tempidsJson({ encodeId }: RequestContext, { result }: Written): string {
  const entries = Array.from(result?.tempids ?? []).flatMap(([tempid, entity]) =>
    typeof tempid === 'string' && TEMPID.test(tempid)
      ? [jsonKey(tempid) + quote(encodeId(entity))]
      : [],
  );
  return `{${entries.join(',')}}`;
}

/** The entity of each write as one of its type; null where it was deleted. */
function entitiesJson(
  context: RequestContext,
  writes: ReadonlyArray<Write>,
  { entities, after }: Written,
): Promise<ReadonlyArray<string>> {
  const run = { scope: after, variables: {} };
  return Promise.all(
    writes.map(async ({ type }, i) => {
      const [entity = 0] = entities[i] ?? [];
      return (await readEntity(run, entityPlan(context, type), entity)) ?? 'null';
    }),
  );
}
