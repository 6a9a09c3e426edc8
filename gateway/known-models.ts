/** The models of databases that are shown elsewhere than at their own addresses: what is open now, or as it was seen last. */
import type { Model } from '../schema/model/model.ts';
import type { Log } from '../services/shared/log.ts';
import type { OnDemand } from '../services/shared/on-demand.ts';

type Databases = Pick<OnDemand<{ readonly model: Model }>, 'peek' | 'hold'>;

export class KnownModels {
  readonly #databases: Databases;
  readonly #log: Log;
  readonly #seen = new Map<string, Model>();

  constructor(databases: Databases, log: Log) {
    this.#databases = databases;
    this.#log = log;
  }

  /** What all roles together see of a database, which is opened where nothing is known of it; undefined where it cannot be. */
  async of(database: string): Promise<Model | undefined> {
    const known = this.#databases.peek(database)?.model ?? this.#seen.get(database);
    if (known !== undefined) {
      this.#seen.set(database, known);
      return known;
    }
    try {
      const { value, release } = await this.#databases.hold(database);
      const { model } = value;
      release();
      this.#seen.set(database, model);
      return model;
    } catch (error) {
      this.#log.error({ event: 'database not shown elsewhere', database, error });
      return undefined;
    }
  }
}
