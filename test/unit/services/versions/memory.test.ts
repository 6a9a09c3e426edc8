import { createMemoryStoreHost } from '../../../../engine/store/memory-store.ts';
import { runVersionsSuite } from '../../../conformance/versions-suite.ts';

runVersionsSuite('memory store', async () => {
  const host = createMemoryStoreHost();
  return { host, openAnother: async () => host, dispose: () => host.close() };
});
