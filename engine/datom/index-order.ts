/** The three sort orders of datoms; each has a current index and, with history, a temporal one. */
export const INDEX_ORDERS = ['eavt', 'aevt', 'avet'] as const;

export type IndexOrder = (typeof INDEX_ORDERS)[number];
