import { runBackupSuite } from '../../../conformance/backup-suite.ts';
import { fileBackend, memoryBackend } from '../../../support/backends.ts';

runBackupSuite('memory into memory', memoryBackend, memoryBackend);
runBackupSuite('files into memory', fileBackend, memoryBackend);
runBackupSuite('memory into files', memoryBackend, fileBackend);
