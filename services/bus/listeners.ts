/**
 * Who listens to which branch of which database, within this process.
 */
import type { RootAnnouncement } from './bus.ts';

export interface Listener {
  readonly onRoot: (announcement: RootAnnouncement) => void;
  readonly onGap: () => void;
}

export class Listeners {
  readonly #byChannel = new Map<string, Set<Listener>>();

  get channels(): ReadonlyArray<string> {
    return [...this.#byChannel.keys()];
  }

  add(channel: string, listener: Listener): void {
    const known = this.#byChannel.get(channel);
    if (known === undefined) this.#byChannel.set(channel, new Set([listener]));
    else known.add(listener);
  }

  /** True where it was the last one of the channel. */
  remove(channel: string, listener: Listener): boolean {
    const known = this.#byChannel.get(channel);
    if (known?.delete(listener) !== true || known.size > 0) return false;
    return this.#byChannel.delete(channel);
  }

  deliver(channel: string, announcement: RootAnnouncement): void {
    for (const { onRoot } of [...(this.#byChannel.get(channel) ?? [])]) onRoot(announcement);
  }

  reportGap(): void {
    for (const listeners of [...this.#byChannel.values()]) {
      for (const { onGap } of [...listeners]) onGap();
    }
  }

  clear(): void {
    this.#byChannel.clear();
  }
}
