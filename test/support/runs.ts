/** How often a property is tried: `PROPERTY_RUNS=20` tries each so many times as often, for whoever hunts. */
const FACTOR = Number(process.env['PROPERTY_RUNS'] ?? 1);

export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: count * FACTOR };
}
