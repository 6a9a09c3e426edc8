/** Databases that are open already, as an app serves them. */
import type { DatabasePorts, DatabaseSource } from '../../gateway/index.ts';

export function alwaysOpen(databases: ReadonlyMap<string, DatabasePorts>): DatabaseSource {
  return {
    has: (name) => databases.has(name),
    names: () => databases.keys(),
    async hold(name) {
      const value = databases.get(name);
      if (value === undefined) throw new Error(`Expected one of the test's databases, got ${name}`);
      return { value, release: () => undefined };
    },
    opened: () => databases,
  };
}
