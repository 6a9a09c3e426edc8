/**
 * The parts of a process that are started in order and stopped in reverse, and the signals that stop them.
 */
import type { Log } from './log.ts';

export interface Service {
  readonly name: string;
  /** Resolves when the service does its work. */
  start(): Promise<void>;
  /** Resolves when it takes no more work and has finished what it had taken. */
  stop(): Promise<void>;
}

export interface RunningServices {
  /** Stops everything in reverse order; the second call waits for the first. */
  stop(): Promise<void>;
}

/** Starts services one after the other. Where one fails, those before it are stopped and its error is thrown. */
export async function startServices(
  services: ReadonlyArray<Service>,
  log: Log,
): Promise<RunningServices> {
  const started: Service[] = [];
  for (const service of services) {
    try {
      await service.start();
    } catch (error) {
      await stopAll(started, log);
      throw error;
    }
    started.push(service);
    log.info({ event: 'service started', service: service.name });
  }
  let stopped: Promise<void> | undefined;
  return {
    stop() {
      stopped ??= stopAll(started, log);
      return stopped;
    },
  };
}

async function stopAll(started: ReadonlyArray<Service>, log: Log): Promise<void> {
  for (const service of started.toReversed()) {
    try {
      await service.stop();
      log.info({ event: 'service stopped', service: service.name });
    } catch (error) {
      // The others still have work to finish.
      log.error({ event: 'service did not stop', service: service.name, error });
    }
  }
}

export interface SignalOptions {
  /** How long stopping may take before the process ends anyway; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Ends the process; `process.exit` by default. */
  readonly exit?: (code: number) => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Stops the services when the process is asked to end, and ends it: with 0 where all of them stopped in time, else with 1.
 * A second signal ends it at once. Returns the function that stops listening for signals.
 */
export function stopOnSignals(
  services: RunningServices,
  log: Log,
  options: SignalOptions = {},
): () => void {
  const { timeoutMs = 10_000, exit = (code: number): void => process.exit(code) } = options;
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    log.info({ event: 'signal received', signal });
    if (isStopping) {
      exit(1);
      return;
    }
    isStopping = true;
    const timer = setTimeout(() => {
      log.error({ event: 'services did not stop in time', timeoutMs });
      exit(1);
    }, timeoutMs);
    void services.stop().then(() => {
      clearTimeout(timer);
      exit(0);
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
