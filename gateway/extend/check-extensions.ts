/** What a gateway looks at before it takes requests: whether its extensions fit the databases that they are for. */
import type { AccessConfig } from '../../schema/access.ts';
import type { DatabaseError } from '../../schema/error.ts';
import type { Model } from '../../schema/model/model.ts';
import type { Log } from '../../services/shared/log.ts';
import type { Hold, OnDemand } from '../../services/shared/on-demand.ts';
import type { ParsedExtension } from './parse-extension.ts';
import { badExtension } from './parse-extension.ts';

interface Opened {
  readonly model: Model;
  readonly misfits: ReadonlyArray<DatabaseError>;
}

interface CheckOptions {
  readonly databases: { has(name: string): boolean };
  readonly defaultDatabase: string;
  readonly access?: AccessConfig | undefined;
  readonly log: Log;
}

/** @throws BAD_CONFIG */
export async function checkExtensions(
  served: Pick<OnDemand<Opened>, 'hold'>,
  extensions: ReadonlyArray<ParsedExtension>,
  { databases, defaultDatabase, access, log }: CheckOptions,
): Promise<void> {
  if (extensions.length === 0) return;
  for (const extension of extensions) checkRoles(extension, access);
  for (const extension of extensions)
    for (const name of extension.databases ?? [defaultDatabase]) {
      if (!databases.has(name))
        throw badExtension(extension.name, `there is no database ${name} here`);
      const misfits = await misfitsIn(name, served, log);
      const misfit = misfits.find(({ data }) => data['extension'] === extension.name);
      if (misfit !== undefined) throw misfit;
    }
}

async function misfitsIn(
  name: string,
  served: Pick<OnDemand<Opened>, 'hold'>,
  log: Log,
): Promise<ReadonlyArray<DatabaseError>> {
  let opened: Hold<Opened>;
  try {
    opened = await served.hold(name);
  } catch (error) {
    log.info({ event: 'extensions not checked', database: name, error });
    return [];
  }
  const { model, misfits } = opened.value;
  opened.release();
  // A new database gets its attributes from a gateway that runs.
  return model.types.size === 0 ? [] : misfits;
}

function checkRoles({ name, fields, routes }: ParsedExtension, access?: AccessConfig): void {
  if (access === undefined) return;
  const resolvers = Array.from(fields.values()).flatMap((each) => Array.from(each.values()));
  const unknown = [...resolvers, ...routes]
    .flatMap(({ roles = [] }) => roles)
    .find((role) => !Object.hasOwn(access.roles, role));
  if (unknown !== undefined)
    throw badExtension(
      name,
      `there is no role ${unknown}: expected one of ${Object.keys(access.roles).join(', ')}`,
    );
}
