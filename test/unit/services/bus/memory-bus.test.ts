import { createMemoryBus } from '../../../../services/bus/memory-bus.ts';
import { runBusSuite } from '../../../conformance/bus-suite.ts';

runBusSuite('memory bus', async () => {
  const bus = createMemoryBus();
  return { bus, openAnother: async () => bus, dispose: () => bus.close() };
});
