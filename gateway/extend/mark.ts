/** Stands around the number of a failure in the text of an answer. JSON has this character only escaped, so no value is taken for a mark. */
export const MARK = '\u0001';
