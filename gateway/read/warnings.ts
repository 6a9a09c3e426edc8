/** What is said beside an answer that is not wrong, but may not be what its caller takes it for. Each is told once, however often it is met. */

export type WarningCode =
  /** The operation asks for what should not be used any more. */
  | 'DEPRECATED'
  /** A list was cut at the length that it has where nobody says one, and nothing else of the answer tells. */
  | 'LIST_CUT'
  /** Null stands for numbers that JSON does not have. */
  | 'NOT_FINITE'
  /** A reference leads to an entity that is not of the type that stands there: it is null, or left out of the list. */
  | 'NOT_OF_TYPE';

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  /** `City.country`, or the name of a field at the root. */
  readonly field?: string;
  /** How many lists, or references, it is said of. */
  readonly count?: number;
}

export class Warnings {
  #found: Map<string, Warning> | undefined;

  /** Those of the answer so far; undefined where there are none. */
  get all(): ReadonlyArray<Warning> | undefined {
    return this.#found === undefined ? undefined : Array.from(this.#found.values());
  }

  listCut(field: string, length: number): void {
    this.#add(
      'LIST_CUT',
      field,
      1,
      `${field} shows the first ${length} of more; say how many with first`,
    );
  }

  notOfType(field: string, type: string, count: number): void {
    this.#add('NOT_OF_TYPE', field, count, `${field} leads to entities that are no ${type}`);
  }

  notFinite(count: number): void {
    this.#add(
      'NOT_FINITE',
      undefined,
      count,
      'JSON has neither infinities nor NaN: null stands for them',
    );
  }

  #add(code: WarningCode, field: string | undefined, count: number, message: string): void {
    this.#found ??= new Map();
    const key = `${code} ${field}`;
    const before = this.#found.get(key)?.count ?? 0;
    const place = field === undefined ? {} : { field };
    this.#found.set(key, { code, message, ...place, count: before + count });
  }
}

/** As a header: a list of RFC 9651, `LIST_CUT;field="City.monuments";count=2`. */
export function warningsHeader(warnings: ReadonlyArray<Warning>): string {
  return warnings
    .map(({ code, field, count = 1 }) => {
      const place = field === undefined ? '' : `;field="${field}"`;
      return `${code}${place};count=${count}`;
    })
    .join(', ');
}
