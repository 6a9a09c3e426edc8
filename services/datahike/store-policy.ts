/** Where the databases of store configurations are kept: what comes over a wire names one of the places that the server has, and leads nowhere else. */
import type { EdnData, EdnMap } from '../../engine/index.ts';
import { DatabaseError, Keyword, kw, printEdn } from '../../engine/index.ts';
import type { Storage } from '../storage.ts';
import { BACKEND, STORE_ID } from './configuration.ts';

/** Says where the store of a configuration is. */
export interface StorePolicy {
  /** The store of configurations that name none. */
  readonly defaultStore: EdnMap;
  /**
   * The storage that a store configuration leads to, opened.
   *
   * @throws BAD_CONFIG for a backend that is not there, FORBIDDEN for one that may not be used so
   */
  storageOf(store: EdnMap): Promise<Storage>;
}

/** A place of the server in which clients may keep databases. */
export interface StoreTemplate {
  /** What a client says as `:backend`: `memory`. */
  readonly backend: string;
  /** What clients may say besides of the place, and then have to say so: `{:path "/var/lib/databases"}`. */
  readonly facts?: Readonly<Record<string, string | number>>;
  open(): Promise<Storage>;
}

/** Of a place that nobody has to know: nobody is told what it should have been. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'token']);

const NO_FACTS: ReadonlySet<Keyword> = new Set([BACKEND, STORE_ID]);

/** Allows the places of the server, of which the first is that of configurations that name none. */
export function templates(all: ReadonlyArray<StoreTemplate>): StorePolicy {
  const places = new Map(all.map((template) => [template.backend, template]));
  const opened = new Map<string, Promise<Storage>>();
  const [first] = all;
  return {
    defaultStore: new Map<EdnData, EdnData>([[BACKEND, kw(first?.backend ?? 'memory')]]),
    async storageOf(store) {
      const template = templateOf(store, places);
      checkFacts(store, template);
      let opening = opened.get(template.backend);
      if (opening === undefined) {
        opening = template.open();
        opened.set(template.backend, opening);
        opening.catch(() => opened.delete(template.backend));
      }
      return opening;
    },
  };
}

function templateOf(store: EdnMap, places: ReadonlyMap<string, StoreTemplate>): StoreTemplate {
  const backend = store.get(BACKEND) ?? null;
  const named = backend === kw('mem') ? kw('memory') : backend;
  const template = named instanceof Keyword ? places.get(named.qualifiedName) : undefined;
  if (template !== undefined) return template;
  const text = `Unsupported store backend: ${printEdn(backend)}\n\n`;
  const here = [...places.keys()].map((name) => `:${name}`).join(', ');
  throw new DatabaseError('BAD_CONFIG', `${text}Expected one that this server has: ${here}`, {
    data: { backend, config: store },
    summary: `${text}${BACKENDS_OF_DATAHIKE}`,
  });
}

const BACKENDS_OF_DATAHIKE = `Built-in backends: :memory (all platforms), :file (JVM only), :tiered
External backends: :file (Node.js - konserve.node-filestore), :indexeddb (browser), :s3, :dynamodb, :redis, :lmdb, :rocksdb, :jdbc, :gcs
Make sure the corresponding backend module is required before use.`;

/** @throws FORBIDDEN where a client says where a store is, and it is not there that the server keeps such ones */
function checkFacts(store: EdnMap, { backend, facts = {} }: StoreTemplate): void {
  for (const [key, value] of store) {
    if (!(key instanceof Keyword) || NO_FACTS.has(key) || SECRETS.has(key.qualifiedName)) continue;
    if (Object.hasOwn(facts, key.qualifiedName) && facts[key.qualifiedName] === value) continue;
    throw new DatabaseError(
      'FORBIDDEN',
      `Expected a store {:backend :${backend}, :id #uuid "…"} without ${key.toString()}: where the databases of this backend are is for the server to say`,
      { kind: 'store-not-allowed', data: { backend: kw(backend), key } },
    );
  }
}
