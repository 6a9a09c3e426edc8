/**
 * A folder of norms and their checksums, as Datahike keeps them: each `.edn` file, in subfolders too, is a norm whose name is that of the
 * file, and `checksums.edn` holds the SHA-256 of each, so that none is changed after it was applied somewhere.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EdnData, EdnMap, Keyword } from '../../engine/index.ts';
import { DatabaseError, Sym, kw, printEdn, readEdn } from '../../engine/index.ts';

/** What is to be done to a database once. */
export interface Norm {
  /** The name of the file without its extension, with dashes for spaces. */
  readonly id: Keyword;
  readonly file: string;
  readonly txData: ReadonlyArray<EdnData>;
  /** Names a registered function that gives more transaction data. */
  readonly txFn: Sym | undefined;
}

const EXTENSION = '.edn';
const CHECKSUMS = 'checksums.edn';
const TX_DATA = kw('tx-data');
const TX_FN = kw('tx-fn');

/**
 * The norms of a folder in the order in which they are applied: that of their names.
 *
 * @throws BAD_NORM
 */
export async function readNorms(folder: string): Promise<ReadonlyArray<Norm>> {
  const norms: Norm[] = [];
  for (const file of await normFiles(folder)) norms.push(normOf(file, await read(folder, file)));
  norms.sort((a, b) => (a.id.sortKey < b.id.sortKey ? -1 : a.id.sortKey > b.id.sortKey ? 1 : 0));
  for (const [i, { id, file }] of norms.entries()) {
    const before = norms[i - 1];
    if (before?.id === id)
      throw badNorm(
        file,
        `Expected norms of different names, got ${id.toString()} from ${before.file} too`,
      );
  }
  return norms;
}

/** Writes the checksums of all norms of a folder; to be called, and kept with the norms, when one was added. */
export async function updateChecksums(folder: string): Promise<void> {
  const lines = Array.from(
    await checksumsOf(folder),
    ([name, sum]) => `${name.toString()} "${sum}"`,
  );
  await writeFile(join(folder, CHECKSUMS), `{${lines.join('\n ')}}\n`);
}

/**
 * Compares the norms of a folder with the checksums that are kept beside them.
 *
 * @throws BAD_NORM with the file, the checksum that is kept and the one that it has
 */
export async function verifyChecksums(folder: string): Promise<void> {
  const actual = await checksumsOf(folder);
  const kept = await readChecksums(folder);
  for (const [name, sum] of actual) {
    const expected = kept.get(name) ?? null;
    if (expected !== sum)
      throw badNorm(
        name.qualifiedName,
        expected === null
          ? `Expected a checksum in ${CHECKSUMS}, got none; the norm has ${sum}. Update the checksums where it is new`
          : `Expected the checksum ${printEdn(expected)}, got ${sum}: a norm that may have been applied must not change`,
        { expected, actual: sum },
      );
  }
  for (const name of kept.keys())
    if (!(actual as ReadonlyMap<EdnData, string>).has(name))
      throw badNorm(
        printEdn(name),
        `Expected the norm that ${CHECKSUMS} holds a checksum of, got no such file`,
        { expected: kept.get(name) ?? null, actual: null },
      );
}

export function badNorm(
  file: string,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): DatabaseError {
  return new DatabaseError('BAD_NORM', `Norm ${file}: ${message}`, {
    data: { file, ...data },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Their paths within the folder. */
async function normFiles(folder: string): Promise<ReadonlyArray<string>> {
  try {
    const files = await readdir(folder, { recursive: true });
    return files.filter((file) => file.endsWith(EXTENSION) && basename(file) !== CHECKSUMS).sort();
  } catch (error) {
    throw badNorm(folder, 'Expected a folder of norms, got none that can be read', {}, error);
  }
}

async function read(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file));
  } catch (error) {
    throw badNorm(file, 'Expected a file that can be read', {}, error);
  }
}

async function checksumsOf(folder: string): Promise<ReadonlyMap<Keyword, string>> {
  const sums = new Map<Keyword, string>();
  for (const file of await normFiles(folder)) {
    const sum = createHash('sha256').update(await read(folder, file));
    sums.set(kw(dashed(basename(file))), sum.digest('hex'));
  }
  return sums;
}

async function readChecksums(folder: string): Promise<EdnMap> {
  const kept = parse(CHECKSUMS, await read(folder, CHECKSUMS));
  if (kept instanceof Map) return kept as EdnMap;
  throw badNorm(CHECKSUMS, `Expected a map of file names to checksums, got ${printEdn(kept)}`);
}

function normOf(file: string, bytes: Buffer): Norm {
  const norm = parse(file, bytes);
  if (!(norm instanceof Map))
    throw badNorm(file, `Expected a map {:tx-data [...], :tx-fn my.ns/f}, got ${printEdn(norm)}`);
  const map = norm as EdnMap;
  for (const key of map.keys())
    if (key !== TX_DATA && key !== TX_FN)
      throw badNorm(file, `Expected :tx-data and :tx-fn, got ${printEdn(key)}`);
  const txData = map.get(TX_DATA) ?? [];
  const txFn = map.get(TX_FN) ?? undefined;
  if (!Array.isArray(txData))
    throw badNorm(file, `Expected a vector as :tx-data, got ${printEdn(txData)}`);
  if (txFn !== undefined && !(txFn instanceof Sym))
    throw badNorm(file, `Expected the name of a function as :tx-fn, got ${printEdn(txFn)}`);
  const id = kw(dashed(basename(file, EXTENSION)));
  return { id, file, txData: txData as ReadonlyArray<EdnData>, txFn };
}

function parse(file: string, bytes: Buffer): EdnData {
  try {
    return readEdn(bytes.toString('utf8'));
  } catch (error) {
    const reason = error instanceof DatabaseError ? error.message : String(error);
    throw badNorm(file, reason, {}, error);
  }
}

function dashed(name: string): string {
  return name.replaceAll(' ', '-');
}
