import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../../../services/shared/log.ts';
import { startServices, stopOnSignals, type Service } from '../../../../services/shared/service.ts';

const log = createLog({ level: 'silent' });

function recorded(
  steps: string[],
  name: string,
  faults: { start?: boolean; stop?: boolean } = {},
): Service {
  const step = async (verb: string, fails: boolean | undefined): Promise<void> => {
    steps.push(`${verb} ${name}`);
    if (fails === true) throw new Error(`${name} does not ${verb}`);
  };
  return {
    name,
    start: () => step('start', faults.start),
    stop: () => step('stop', faults.stop),
  };
}

describe('services', () => {
  it('start in order and stop in reverse, once', async () => {
    const steps: string[] = [];
    const running = await startServices([recorded(steps, 'a'), recorded(steps, 'b')], log);
    await Promise.all([running.stop(), running.stop()]);
    expect(steps).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stop what was started where one does not start', async () => {
    const steps: string[] = [];
    const services = [
      recorded(steps, 'a'),
      recorded(steps, 'b', { start: true }),
      recorded(steps, 'c'),
    ];
    await expect(startServices(services, log)).rejects.toThrow('b does not start');
    expect(steps).toEqual(['start a', 'start b', 'stop a']);
  });

  it('stop the others where one does not stop', async () => {
    const steps: string[] = [];
    const services = [recorded(steps, 'a'), recorded(steps, 'b', { stop: true })];
    await (await startServices(services, log)).stop();
    expect(steps.slice(2)).toEqual(['stop b', 'stop a']);
  });
});

describe('signals', () => {
  let stopListening = (): void => undefined;
  afterEach(() => stopListening());

  it('stop the services and end the process with 0', async () => {
    const steps: string[] = [];
    const exit = vi.fn();
    const running = await startServices([recorded(steps, 'a')], log);
    stopListening = stopOnSignals(running, log, { exit });
    process.emit('SIGTERM', 'SIGTERM');
    await vi.waitFor(() => expect(exit).toHaveBeenCalledExactlyOnceWith(0));
    expect(steps).toEqual(['start a', 'stop a']);
  });

  it('end the process with 1 where a service takes too long', async () => {
    const exit = vi.fn();
    const stuck = { stop: () => new Promise<void>(() => undefined) };
    stopListening = stopOnSignals(stuck, log, { exit, timeoutMs: 5 });
    process.emit('SIGTERM', 'SIGTERM');
    await vi.waitFor(() => expect(exit).toHaveBeenCalledExactlyOnceWith(1));
  });

  it('end the process at once where they come twice', () => {
    const exit = vi.fn();
    const stuck = { stop: () => new Promise<void>(() => undefined) };
    stopListening = stopOnSignals(stuck, log, { exit });
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).toHaveBeenCalledExactlyOnceWith(1);
  });
});
