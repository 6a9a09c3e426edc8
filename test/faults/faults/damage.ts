/** Nodes that are gone or not what they were, in a copy of the database: whoever meets one is told so, and nobody gets another answer. */
import { randomUUID } from 'node:crypto';
import type { Client as PgClient } from 'pg';
import { DatabaseError } from '../../../engine/index.ts';
import type { Connection, Storage } from '../../../services/index.ts';
import {
  backupDatabase,
  closeStorage,
  createDatabase,
  openDatabase,
  restoreDatabase,
  verifyDatabase,
} from '../../../services/index.ts';
import { openClientStorage, writeHere } from '../client.ts';
import { contentsOf } from '../contents.ts';
import type { FaultContext, Faults } from '../fault.ts';
import { asSuperuser } from '../fault.ts';

export const DAMAGE_FAULTS: Faults = {
  'damaged-nodes': {
    what: 'nodes of a copy are deleted, cut off, changed in a bit, and put in the place of each other',
    inject: damageCopy,
  },
};

/** How often each is done. */
const TIMES = 3;

type Bytes = ReadonlyMap<number, Buffer>;

/** Other bytes for some nodes; null is none at all. */
type Harm = (nodes: Bytes, context: FaultContext) => ReadonlyMap<number, Buffer | null>;

const HARMS: Readonly<Record<string, Harm>> = {
  gone: (nodes, { random }) => new Map([[random.pick([...nodes.keys()]), null]]),
  'cut off': (nodes, { random }) => {
    const [address, bytes] = random.pick([...nodes]);
    return new Map([[address, bytes.subarray(0, random.between(0, bytes.length))]]);
  },
  'changed in a bit': (nodes, { random }) => {
    const [address, bytes] = random.pick([...nodes]);
    const changed = Buffer.from(bytes);
    changed[random.between(0, bytes.length)]! ^= 1 << random.between(0, 8);
    return new Map([[address, changed]]);
  },
  swapped: (nodes, { random }) => {
    const [one, bytes] = random.pick([...nodes]);
    const [other, others] = random.pick([...nodes].filter(([address]) => address !== one));
    return new Map([
      [one, others],
      [other, bytes],
    ]);
  },
};

async function damageCopy(context: FaultContext): Promise<void> {
  const { cluster, violated, note } = context;
  const storage = await openClientStorage(cluster, cluster.directUrl);
  const name = randomUUID();
  const [source, copied] = [`source-${name}`, `copy-${name}`];
  try {
    await makeCopy(storage, source, copied);
    const copy = await openDatabase(storage, copied);
    const wanted = await contentsOf(copy.db());
    let [met, named, nodeCount] = [0, 0, 0];
    await asSuperuser(cluster, async (client) => {
      const table = new NodeTable(client, cluster.schema, copied);
      const nodes = await table.read();
      nodeCount = nodes.size;
      for (const [what, harm] of Object.entries(HARMS))
        for (let i = 0; i < TIMES; i++) {
          const damaged = harm(nodes, context);
          await table.write(damaged);
          const answer = await answerOf(copy);
          if (answer instanceof DatabaseError) met++;
          else if (answer !== wanted) violated(`${what}: ${answer} instead of ${wanted}`);
          for (const each of await unsaid(answer, copy, [...damaged.keys()]))
            violated(`${what}: ${each}`);
          named++;
          await table.write(new Map([...damaged.keys()].map((at) => [at, nodes.get(at)!])));
        }
    });
    const answer = await answerOf(copy);
    if (answer !== wanted) violated(`healed: ${String(answer)} instead of ${wanted}`);
    note(
      `${named} harms to ${nodeCount} nodes, of which ${met} were met by readers and all named by verify`,
    );
    await copy.release();
  } finally {
    for (const each of [source, copied]) await storage.host.delete(each).catch(() => undefined);
    await closeStorage(storage);
  }
}

/** Restores a backup of a database that is large enough to have some tens of nodes. */
async function makeCopy(storage: Storage, source: string, copy: string): Promise<void> {
  await createDatabase(storage.host, source);
  const connection = await openDatabase(storage, source);
  await writeHere(storage, connection, 60);
  await restoreDatabase(storage.host, copy, backupDatabase(connection));
  await connection.release();
}

/** What a reader that has no node in memory is told: what is there, or why it cannot be said. */
async function answerOf(copy: Connection): Promise<string | DatabaseError> {
  copy.nodes.clear();
  try {
    return await contentsOf(copy.db());
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'STORE_CORRUPT') return error;
    return `an error of another kind: ${String(error)}`;
  }
}

/** What was not said of damage: by the reader that met it, and by whoever looks for it. */
async function unsaid(
  answer: string | DatabaseError,
  { store }: Connection,
  addresses: ReadonlyArray<number>,
): Promise<string[]> {
  const faults: string[] = [];
  if (answer instanceof DatabaseError && !addresses.includes(answer.data['address'] as number))
    faults.push(`the error does not name ${addresses.join(' or ')}: ${answer.message}`);
  const report = await verifyDatabase(store);
  const found = new Set(report.faults.map(({ where }) => where));
  // What is below a damaged node is not looked at.
  if (!addresses.some((address) => found.has(address)))
    faults.push(`verify does not name ${addresses.join(' or ')}`);
  return faults;
}

/** The stored nodes of a database, past the store. */
class NodeTable {
  readonly #client: PgClient;
  readonly #table: string;
  readonly #ofDatabase: string;

  constructor(client: PgClient, schema: string, database: string) {
    this.#client = client;
    this.#table = `${schema}.nodes`;
    this.#ofDatabase = `(SELECT database_id FROM ${schema}.databases WHERE name = '${database}')`;
  }

  async read(): Promise<Map<number, Buffer>> {
    const { rows } = await this.#client.query<{ readonly address: string; readonly bytes: Buffer }>(
      `SELECT address, bytes FROM ${this.#table} WHERE database_id = ${this.#ofDatabase}`,
    );
    return new Map(rows.map(({ address, bytes }) => [Number(address), bytes]));
  }

  async write(nodes: ReadonlyMap<number, Buffer | null>): Promise<void> {
    for (const [address, bytes] of nodes) {
      await this.#client.query(
        `DELETE FROM ${this.#table} WHERE database_id = ${this.#ofDatabase} AND address = $1`,
        [address],
      );
      if (bytes === null) continue;
      await this.#client.query(`INSERT INTO ${this.#table} SELECT ${this.#ofDatabase}, $1, $2`, [
        address,
        bytes,
      ]);
    }
  }
}
