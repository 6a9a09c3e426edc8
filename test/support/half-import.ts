/** `half-import.ts DIRECTORY FILE`: imports a file, says `half` when half of it was read, and then waits to be killed. */
import { createReadStream, statSync } from 'node:fs';
import { openFileStoreHost } from '../../engine/index.ts';
import { importDatabase } from '../../services/index.ts';

const [directory = '', file = ''] = process.argv.slice(2);

async function* half(): AsyncGenerator<Uint8Array> {
  const { size } = statSync(file);
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1_024 })) {
    yield chunk as Uint8Array;
    bytes += (chunk as Uint8Array).length;
    if (bytes < size / 2) continue;
    console.log('half');
    await new Promise(() => setInterval(() => undefined, 1_000));
  }
}

await importDatabase(await openFileStoreHost(directory), 'people', half(), { batchRows: 1_000 });
