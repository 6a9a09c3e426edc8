import { openFileStoreHost } from '../../../../engine/store/file-store.ts';
import { runCollectSuite } from '../../../conformance/collect-suite.ts';
import { testFolder } from '../../../support/test-folder.ts';

runCollectSuite('file store', async () => {
  const directory = await testFolder();
  const host = await openFileStoreHost(directory);
  const hosts = [host];
  return {
    host,
    async openAnother() {
      const another = await openFileStoreHost(directory);
      hosts.push(another);
      return another;
    },
    async dispose() {
      await Promise.all(hosts.map((each) => each.close()));
    },
  };
});
