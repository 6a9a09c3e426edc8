/** The first index of `[lo, hi)` for which a condition that holds for the indices before it does not hold; `hi` where it always does. */
export function firstNot(lo: number, hi: number, isBefore: (index: number) => boolean): number {
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (isBefore(middle)) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}
