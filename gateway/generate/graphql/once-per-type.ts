/**
 * Generated types refer to each other in circles, and GraphQL wants one object for each name: a maker that remembers what it made.
 */
export function oncePerType<Key, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new Map<Key, Made>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    made.set(key, fresh);
    return fresh;
  };
}
