/** Announcements that came before those that they follow. */
import type { RootAnnouncement } from '../bus/bus.ts';

/** More are looked for. */
const MAX_EARLY = 256;

export class EarlyAnnouncements {
  readonly #byVersion = new Map<number, RootAnnouncement>();

  add(announcement: RootAnnouncement): void {
    // What never comes to follow must not keep out what does.
    if (this.#byVersion.size >= MAX_EARLY) this.clear();
    this.#byVersion.set(announcement.version, announcement);
  }

  /** The one that follows a version; forgets what is not after that. */
  after(version: number): RootAnnouncement | undefined {
    if (this.#byVersion.size === 0) return undefined;
    for (const each of this.#byVersion.keys()) if (each <= version) this.#byVersion.delete(each);
    return this.#byVersion.get(version + 1);
  }

  clear(): void {
    this.#byVersion.clear();
  }
}
