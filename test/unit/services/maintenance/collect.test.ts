import { runCollectSuite } from '../../../conformance/collect-suite.ts';
import { fileBackend, memoryBackend } from '../../../support/backends.ts';

runCollectSuite('memory store', memoryBackend);
runCollectSuite('file store', fileBackend);
