import { createMemoryBus } from '../../../../services/bus/memory-bus.ts';
import { runBusSuite } from '../../../conformance/bus-suite.ts';

const bus = createMemoryBus();
runBusSuite('memory bus', async () => bus);
