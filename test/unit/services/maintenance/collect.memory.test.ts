import { createMemoryStoreHost } from '../../../../engine/store/memory-store.ts';
import { runCollectSuite } from '../../../conformance/collect-suite.ts';

runCollectSuite('memory store', async () => {
  const host = createMemoryStoreHost();
  return { host, openAnother: async () => host, dispose: () => host.close() };
});
