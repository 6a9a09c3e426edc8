/** The file that says who may do what, and how databases are shown: JSON, checked as a whole. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AccessConfig } from '../schema/access.ts';
import { DatabaseError } from '../schema/error.ts';
import { kw } from '../schema/keyword.ts';
import type { ModelConfig } from '../schema/model/model.ts';

export interface ApiFile {
  /** Undefined where nobody said who may do what: then it is development, or nothing. */
  readonly access: AccessConfig | undefined;
  /** By the names of databases; `*` is for those that are not named. */
  readonly models: Readonly<Record<string, ModelConfig>>;
}

const name = z.string().min(1).max(200);
const rule = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
const fieldRule = z.strictObject({ read: z.boolean().optional(), write: z.boolean().optional() });

const typeRule = z.strictObject({
  read: rule.optional(),
  create: rule.optional(),
  update: rule.optional(),
  delete: rule.optional(),
  history: z.boolean().optional(),
  fields: z.record(name, fieldRule).optional(),
});

const role = z.strictObject({
  databases: z.array(name).optional(),
  types: z.record(name, typeRule),
  introspection: z.boolean().optional(),
});

const token = z.strictObject({
  name,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  roles: z.array(name),
  claims: z.record(z.string(), z.unknown()).optional(),
  expires: z.iso.datetime({ offset: true }).optional(),
});

const jwt = z.strictObject({
  jwks: z.string().min(1),
  issuer: z.string().optional(),
  audience: z.string().optional(),
  algorithms: z.array(z.string()).min(1).optional(),
  rolesClaim: z.string().min(1).optional(),
  clockToleranceSeconds: z.number().min(0).max(600).optional(),
});

const access = z.strictObject({
  tokens: z.array(token).optional(),
  jwt: jwt.optional(),
  roles: z.record(name, role),
  anonymous: z.array(name).optional(),
});

const keyword = z
  .string()
  .regex(/^:[^\s:]\S*$/)
  .transform((text) => kw(text));

const annotations = z.strictObject({
  targets: z.array(keyword).optional(),
  name: z.string().optional(),
  reverseName: z.string().optional(),
  hidden: z.boolean().optional(),
  deprecated: z.string().optional(),
  required: z.boolean().optional(),
  int: z.boolean().optional(),
  enum: z.array(keyword).min(1).optional(),
  referenceDatabase: z.string().optional(),
  referenceAttribute: keyword.optional(),
  referenceName: z.string().optional(),
});

const model = z.strictObject({
  stripPrefix: z.string().optional(),
  types: z.record(name, z.strictObject({ namespaces: z.array(z.string()).min(1) })).optional(),
  mixins: z.record(name, z.array(name)).optional(),
  discriminator: keyword.optional(),
  attributes: z.record(z.string().regex(/^:/), annotations).optional(),
});

const api = z.strictObject({
  access: access.optional(),
  models: z.record(name, model).optional(),
});

/** @throws BAD_CONFIG naming the place in the file */
export function readApiFile(path: string): ApiFile {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw badFile(`The file ${path} cannot be read: ${reason}`);
  }
  const result = api.safeParse(json);
  if (result.success) {
    const { access: given, models = {} } = result.data;
    checkRoles(given as AccessConfig | undefined, path);
    return { access: given as AccessConfig | undefined, models: models as ApiFile['models'] };
  }
  const [issue] = result.error.issues;
  const place = issue?.path.map(String).join('.') ?? '';
  throw badFile(
    `${place === '' ? 'The whole' : place} in ${path}: ${issue?.message ?? 'not valid'}`,
  );
}

/** One token whose bearer may do everything. */
export function accessOfToken(text: string): AccessConfig {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const everything = { read: true, create: true, update: true, delete: true, history: true };
  return {
    tokens: [{ name: 'token', sha256, roles: ['admin'] }],
    roles: { admin: { types: { '*': everything }, introspection: true } },
  };
}

/** A role that nobody wrote down would silently allow nothing. */
function checkRoles(given: AccessConfig | undefined, path: string): void {
  const named = [
    ...(given?.tokens ?? []).flatMap(({ roles }) => roles),
    ...(given?.anonymous ?? []),
  ];
  const unknown = named.find((each) => !Object.hasOwn(given?.roles ?? {}, each));
  if (unknown === undefined) return;
  const known = Object.keys(given?.roles ?? {}).join(', ');
  throw badFile(`access in ${path}: expected one of the roles ${known}, got ${unknown}`);
}

function badFile(message: string): DatabaseError {
  return new DatabaseError('BAD_CONFIG', message, { data: { key: 'api.file' } });
}
