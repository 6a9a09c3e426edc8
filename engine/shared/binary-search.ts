/** The first index of `[lo, hi)` for which a condition that holds for the indices before it does not hold; `hi` where it always does. */
export function firstNot(lo: number, hi: number, isBefore: (index: number) => boolean): number {
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (isBefore(middle)) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** As {@link firstNot}, where the index is likely to be near to `lo`: by doubling steps. */
export function firstNotNear(lo: number, hi: number, isBefore: (index: number) => boolean): number {
  let start = lo;
  for (let step = 1; start + step <= hi && isBefore(start + step - 1); step *= 2) start += step;
  // The step that was too far is the last that has to be looked at.
  return firstNot(start, Math.min(hi, start + (start - lo) + 1), isBefore);
}
