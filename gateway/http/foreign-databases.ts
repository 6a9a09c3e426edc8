/** The other databases that one request reads: each is opened when something is read of it, and one snapshot of it serves the whole request. */
import { DatabaseError } from '../../schema/error.ts';
import type { Reader, Snapshot } from '../../services/reader/reader.ts';
import type { OnDemand } from '../../services/shared/on-demand.ts';
import type { ForeignFailure } from '../read/scope.ts';

export interface OpenedForeign {
  readonly reader: Reader;
  readonly snapshot: Snapshot;
}

export type HoldReader = OnDemand<{ readonly reader: Reader }>['hold'];

/** How the snapshot of an opened database is taken. */
export type TakeSnapshot = (reader: Reader) => Snapshot | Promise<Snapshot>;

export class ForeignDatabases {
  #failures: ForeignFailure[] = [];
  readonly #hold: HoldReader;
  readonly #take: TakeSnapshot;
  readonly #opening = new Map<string, Promise<OpenedForeign>>();
  readonly #opened = new Map<string, OpenedForeign>();
  readonly #releases: Array<() => void> = [];
  #isReleased = false;

  constructor(hold: HoldReader, take: TakeSnapshot) {
    this.#hold = hold;
    this.#take = take;
  }

  /** The last transactions of what was read; undefined where nothing was. */
  bases(): Readonly<Record<string, string>> | undefined {
    if (this.#opened.size === 0) return undefined;
    const bases = Array.from(this.#opened, ([name, { snapshot }]) => [
      name,
      String(snapshot.basisTx),
    ]);
    return Object.fromEntries(bases) as Record<string, string>;
  }

  /** Takes note of what is null because its database cannot be read. */
  fail(failure: ForeignFailure): void {
    this.#failures.push(failure);
  }

  /** Those since it was asked last. */
  takeFailures(): ReadonlyArray<ForeignFailure> {
    const failures = this.#failures;
    this.#failures = [];
    return failures;
  }

  /** @throws what opening it throws, each time alike */
  open(database: string): Promise<OpenedForeign> {
    let opening = this.#opening.get(database);
    if (opening === undefined) {
      opening = this.#open(database);
      this.#opening.set(database, opening);
    }
    return opening;
  }

  /** Tells when what was opened has changed since it was read. Stopped, it lets go of all. */
  follow(changed: () => void): () => void {
    const stops = Array.from(this.#opened.values(), ({ reader, snapshot }) => {
      if (reader.current().basisTx > snapshot.basisTx) changed();
      return reader.onAdvance(changed);
    });
    return () => {
      for (const stop of stops) stop();
      this.release();
    };
  }

  /** Lets go of them: nothing is read any more. */
  release(): void {
    this.#isReleased = true;
    for (const release of this.#releases.splice(0)) release();
  }

  async #open(database: string): Promise<OpenedForeign> {
    if (this.#isReleased) throw isOver(database);
    const { value, release } = await this.#hold(database);
    this.#releases.push(release);
    if (this.#isReleased) {
      this.release();
      throw isOver(database);
    }
    const opened = { reader: value.reader, snapshot: await this.#take(value.reader) };
    this.#opened.set(database, opened);
    return opened;
  }
}

function isOver(database: string): DatabaseError {
  return new DatabaseError('CANCELLED', `Nobody waits any more for what ${database} says`);
}
