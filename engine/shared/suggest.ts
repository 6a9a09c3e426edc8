/** "Did you mean …?" for a misspelt name. */

/** A sentence with the nearest known names, starting with a space; empty where none is near. */
export function didYouMean(name: string, known: Iterable<{ toString(): string }>): string {
  const limit = Math.floor(name.length * 0.4) + 1;
  const near: Array<{ readonly text: string; readonly distance: number }> = [];
  for (const candidate of known) {
    const text = candidate.toString();
    if (Math.abs(text.length - name.length) > limit) continue;
    const distance = editDistance(name, text);
    if (distance <= limit) near.push({ text, distance });
  }
  near.sort((a, b) => a.distance - b.distance);
  const texts = near.slice(0, 3).map(({ text }) => text);
  return texts.length === 0 ? '' : `. Did you mean ${texts.join(' or ')}?`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    let left = i;
    row = row.map((above, j) => {
      if (j === 0) return i;
      const diagonal = row[j - 1] ?? 0;
      const substitution = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      return (left = Math.min(substitution, above + 1, left + 1));
    });
  }
  return row.at(-1) ?? 0;
}
