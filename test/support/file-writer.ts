/**
 * A process that commits to a file store as fast as it can and prints each version that was confirmed, until it is killed.
 * Arguments: the directory, and the owner of its lease.
 */
import { openFileStoreHost } from '../../engine/store/file-store.ts';

const [directory = '', owner = ''] = process.argv.slice(2);
const store = await (await openFileStoreHost(directory)).open('a');
const { acquired, lease } = await store.leases.acquire({
  branch: 'db',
  owner,
  address: null,
  ttlMs: 600_000,
});
if (!acquired) throw new Error(`The lease is held by ${lease.owner}`);

let version = (await store.readRoot('db'))?.version ?? 0;
for (;;) {
  const tx = 1_000 + version;
  const address = lease.epoch * 2 ** 32 + version;
  const bytes = new Uint8Array(500 + (version % 7) * 1_000).fill(version & 255);
  await store.write([{ address, bytes }]);
  const committed = await store.commit({
    branch: 'db',
    expectedVersion: version,
    epoch: lease.epoch,
    record: Buffer.from(JSON.stringify({ address })),
    indexedTx: tx - (tx % 10),
    segments: [{ tx, bytes }],
  });
  if (!committed) throw new Error(`The commit after version ${version} was refused`);
  version++;
  process.stdout.write(`${version}\n`);
}
