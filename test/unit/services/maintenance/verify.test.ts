import { runVerifySuite } from '../../../conformance/verify-suite.ts';
import { fileBackend, memoryBackend } from '../../../support/backends.ts';

runVerifySuite('memory store', memoryBackend);
runVerifySuite('file store', fileBackend);
