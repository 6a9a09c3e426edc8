/** A variable with its question mark. */
export type Variable = string;
