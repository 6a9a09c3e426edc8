/** How long the lists of the API are. */

/** A page of a connection. */
export const DEFAULT_PAGE = 50;
/** The plain list of an entity's refs. */
export const DEFAULT_REFS = 100;
/** What a caller can ask for at most. */
export const MAX_PAGE = 1000;
