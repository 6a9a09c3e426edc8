/** What all sides of the benchmark of queries are asked, each in its own language. */

export type Row = ReadonlyArray<unknown>;

/** Values in the order of `:in`, after the database and the rules. */
export type Inputs = ReadonlyArray<string | number>;

/** One answer, or the promise of it, in whatever shape the side gives; the number of the call chooses the inputs. */
export type Ask = (call: number) => unknown;

export type Question = QueryQuestion | PullQuestion;

interface CommonQuestion {
  readonly name: string;
  /** Of the call with this number, so that a question for one entity is not always for the same one; none by default. */
  readonly inputs?: (call: number) => Inputs;
  /** With `?` for each input, in their order; prepared once. */
  readonly sql: string;
  /** The least that JavaScript has to do for the answer; undefined where that is nothing. */
  readonly floor: ((inputs: Inputs) => unknown) | undefined;
}

/** Rows of an answer in an order. */
export interface QuestionPage {
  /** Places in the rows. */
  readonly order: ReadonlyArray<readonly [place: number, direction: 'asc' | 'desc']>;
  readonly limit: number;
  readonly offset: number;
}

export interface QueryQuestion extends CommonQuestion {
  readonly kind: 'query';
  /** EDN text; attributes are keywords in our engine, and strings in DataScript. */
  readonly query: string;
  /** Follow the database in `:in`. */
  readonly rules?: string;
  /** All rows in any order by default. */
  readonly page?: QuestionPage;
}

/** What one entity says, the only input. */
export interface PullQuestion extends CommonQuestion {
  readonly kind: 'pull';
  readonly attributes: ReadonlyArray<string>;
}

export const SIDES = ['ours', 'novelty', 'floor', 'sqlite', 'datascript'] as const;

/**
 * `ours` is a database restored from a store, all of it in base trees whose nodes are in memory; `novelty` the same as a value that was
 * never stored.
 */
export type Side = (typeof SIDES)[number];

/** The same data on all sides. */
export interface Dataset {
  readonly questions: ReadonlyArray<Question>;
  readonly asks: Readonly<Record<Side, (question: Question) => Ask | undefined>>;
  close(): Promise<void>;
}

/** Numbers of entities on all sides; above those of any schema. */
export function entityOf(index: number): number {
  return 1_000 + index;
}

export function inputsOf({ inputs }: Question): (call: number) => Inputs {
  return inputs ?? (() => NO_INPUTS);
}

const NO_INPUTS: Inputs = [];

export function askFloor(question: Question): Ask | undefined {
  const { floor } = question;
  const inputs = inputsOf(question);
  return floor === undefined ? undefined : (call) => floor(inputs(call));
}
