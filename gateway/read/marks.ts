/** Marks in the text of an answer: each stands for a value that is not there, and says why until all of the answer is written. */

/** Stands around what a mark says. JSON has this character only escaped, so no value is taken for a mark. */
const MARK = '\u0001';
const MARKS = new RegExp(`${MARK}([^${MARK}]*)${MARK}`, 'g');

/** For the failure of some number, or for a number that JSON does not have: `NaN`, `Infinity`. */
export function markOf(failure: number | string): string {
  return `${MARK}${failure}${MARK}`;
}

export function hasMarks(text: string): boolean {
  return text.includes(MARK);
}

/** The text with something in the place of each mark, by what it says. */
export function replaceMarks(text: string, valueOf: (failure: string) => string): string {
  return text.replaceAll(MARKS, (_mark, failure: string) => valueOf(failure));
}

/** The text with null in the place of each mark, and how many there were. */
export function nullMarks(text: string): { readonly text: string; readonly count: number } {
  if (!hasMarks(text)) return { text, count: 0 };
  let count = 0;
  const plain = replaceMarks(text, () => {
    count += 1;
    return 'null';
  });
  return { text: plain, count };
}
