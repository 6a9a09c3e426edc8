/** All that is done to the cluster while clients write, by name. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Faults } from './fault.ts';
import { COLLECTION_FAULTS } from './faults/collections.ts';
import { DAMAGE_FAULTS } from './faults/damage.ts';
import { DISK_FAULTS } from './faults/disks.ts';
import { NETWORK_FAULTS } from './faults/network.ts';
import { PROCESS_FAULTS } from './faults/processes.ts';
import { SERVER_FAULTS } from './faults/servers.ts';

export const FAULTS: Faults = {
  none: { what: 'nothing at all', inject: () => wait(2_000) },
  ...PROCESS_FAULTS,
  ...NETWORK_FAULTS,
  ...SERVER_FAULTS,
  ...DISK_FAULTS,
  ...COLLECTION_FAULTS,
  ...DAMAGE_FAULTS,
};
