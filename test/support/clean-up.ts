/**
 * What must not outlive this process: servers that it started and folders that it made. Most are removed where they are
 * done with; this is for the end that comes early, be it an error or a signal.
 */
const SIGNALS: ReadonlyArray<NodeJS.Signals> = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const pending = new Set<() => void>();
let isWatching = false;

/** Runs a synchronous step at the end of the process, unless the returned function is called before. */
export function atExit(step: () => void): () => void {
  watch();
  pending.add(step);
  return () => void pending.delete(step);
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  process.once('exit', runAll);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      runAll();
      process.kill(process.pid, signal); // now whoever else listens decides, or the process ends
    });
  }
}

function runAll(): void {
  // The last first: a server is ended before its folder is removed.
  for (const step of [...pending].reverse()) {
    pending.delete(step);
    step();
  }
}
