/**
 * A process that commits to a file store, and rewrites, forks and deletes whatever it can, as fast as it can, until it is
 * killed. It prints what was confirmed. Arguments: the directory, and the owner of its lease.
 */
import { openFileStoreHost } from '../../engine/store/file-store.ts';

const [directory = '', owner = ''] = process.argv.slice(2);
const store = await (await openFileStoreHost(directory)).open('a');
const request = { branch: 'db', owner, address: null, ttlMs: 600_000 };
const { acquired, lease } = await store.leases.acquire(request);
if (!acquired) throw new Error(`The lease is held by ${lease.owner}`);
const { epoch } = lease;

function must(isDone: boolean, what: string): void {
  if (!isDone) throw new Error(`Refused: ${what}`);
}

let version = (await store.readRoot('db'))?.version ?? 0;
for (;;) {
  const tx = 1_000 + version;
  const addresses = [0, 1, 2].map((i) => epoch * 2 ** 32 + 10 * version + i);
  await store.write(addresses.map((address) => ({ address, bytes: new Uint8Array(400) })));
  const isCommitted = await store.commit({
    branch: 'db',
    expectedVersion: version,
    epoch,
    record: Buffer.from(JSON.stringify({ address: addresses[0] })),
    indexedTx: tx - (tx % 10),
    segments: [{ tx, bytes: Buffer.from(`the original of ${tx};`) }],
  });
  must(isCommitted, `the commit after version ${version}`);
  version++;
  process.stdout.write(`${JSON.stringify({ version })}\n`);
  await store.deleteNodes(addresses.slice(1));
  if (version % 3 === 0) {
    const segments = Array.from({ length: version }, (_, i) => ({
      tx: 1_000 + i,
      bytes: Buffer.from(`another text for ${1_000 + i};`),
    }));
    must(await store.rewriteLog('db', epoch, segments), `rewriting up to ${tx}`);
    process.stdout.write(`${JSON.stringify({ version, rewrittenTx: tx })}\n`);
  }
  if (version % 4 === 0) {
    const origin = { branch: 'db', tx: tx - 1 };
    const fork = { branch: `fork ${tx}`, origin, record: Buffer.from('{}'), indexedTx: tx - 5 };
    must(await store.fork(fork), `the fork at ${tx}`);
    const other = (await store.branches()).find((each) => each !== 'db' && each !== fork.branch);
    if (other !== undefined) await store.deleteBranch(other);
  }
}
