/** Stores that let something happen in the middle of what is done with them. */

/** Runs a step before the first call of a method, named with its parts: `'retention.begin'`. */
export function beforeFirst<T extends object>(
  target: T,
  method: string,
  step: () => Promise<unknown>,
): T {
  let isDone = false;
  return interrupted(target, async (name) => {
    if (name !== method || isDone) return;
    isDone = true;
    await step();
  });
}

/** Lets other things happen before each call of a method, which is named with its parts. */
export function interrupted<T extends object>(
  target: T,
  interrupt: (method: string) => Promise<unknown>,
  path = '',
): T {
  return new Proxy(target, {
    get(of, key) {
      const value: unknown = Reflect.get(of, key, of);
      const name = `${path}${String(key)}`;
      if (typeof value === 'object' && value !== null)
        return interrupted(value, interrupt, `${name}.`);
      if (typeof value !== 'function') return value;
      // It is no promise but what it gives that is waited for.
      if (key === 'listNodes') return value.bind(of) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        await interrupt(name);
        return Reflect.apply(value, of, args) as unknown;
      };
    },
  });
}
