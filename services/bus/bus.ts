/**
 * The port to notifications: a writer announces each new root, readers hear of it. Announcements are hints. They may be
 * lost, doubled, late or forged; a reader checks them against what it holds and otherwise reads the root.
 */

export interface RootAnnouncement {
  /** The id of the store, see `Store.id`. */
  readonly database: string;
  readonly branch: string;
  readonly version: number;
  readonly epoch: number;
  /** The last transaction of the new root. */
  readonly basisTx: number;
  /** The segments since version - 1, when they are small enough to travel; else a reader fetches them. */
  readonly segments: ReadonlyArray<{ readonly tx: number; readonly bytes: Uint8Array }> | null;
  /** Whether the writer has gone and left the branch to the next one. */
  readonly isReleased?: boolean;
}

export interface Bus {
  /** Whether announcements come and go now; while they do not, listeners find out by looking. */
  readonly isConnected: boolean;

  /** Sends an announcement; never rejects because nobody listens, and never delays a commit. */
  announce(announcement: RootAnnouncement): Promise<void>;

  /**
   * Hears the announcements of one branch, from the moment the promise settles. `onGap` is called when announcements may have
   * been missed (a reconnect): the listener then reads the root. Returns the function that stops listening.
   */
  listen(
    database: string,
    branch: string,
    listener: (announcement: RootAnnouncement) => void,
    onGap: () => void,
  ): Promise<() => Promise<void>>;

  close(): Promise<void>;
}
