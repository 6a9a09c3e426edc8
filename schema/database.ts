/** What is fixed about a database when it is made. */

export interface DatabaseConfig {
  /** `'write'`: attributes must be declared before they are used. `'read'`: anything goes. */
  readonly schemaFlexibility: 'write' | 'read';
  /** False: superseded values are forgotten, and transactions leave no entity. */
  readonly keepHistory: boolean;
}

export const DEFAULT_DATABASE_CONFIG: DatabaseConfig = {
  schemaFlexibility: 'write',
  keepHistory: true,
};

/** The branch that every database has. */
export const MAIN_BRANCH = 'db';
