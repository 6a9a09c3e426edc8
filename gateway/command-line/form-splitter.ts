/**
 * Cuts a text that comes in chunks after each collection at its top level, so that a file of many transactions is read one by one. EDN and JSON agree on
 * what it looks at: brackets, strings, and (in EDN alone) comments and characters.
 */

/** A part of a text, and where it begins: from 1 on. */
export interface Part {
  readonly text: string;
  readonly place: Place;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

export const START: Place = { line: 1, column: 1 };

type State = 'code' | 'string' | 'escape' | 'comment' | 'character';

export class FormSplitter {
  /** What came after the last part; not joined, because a form may be as large as a database. */
  #pending: string[] = [];
  #depth = 0;
  /** Discards (`#_`) that wait for what they discard: it stays together with what follows, because one may discard the next. */
  #discards = 0;
  #previous = '';
  #state: State = 'code';
  #place = START;

  /** The parts that end with what came. */
  *push(chunk: string): Generator<Part, void> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const character = chunk.charAt(at);
      const isEnd = this.#isEndAfter(character);
      this.#previous = character;
      if (!isEnd) continue;
      this.#pending.push(chunk.slice(from, at + 1));
      from = at + 1;
      yield this.end();
    }
    this.#pending.push(chunk.slice(from));
  }

  /** What is left when all has come; it may be blank, or not whole. */
  end(): Part {
    const part = { text: this.#pending.join(''), place: this.#place };
    this.#place = placeAfter(part.place, part.text);
    this.#pending = [];
    return part;
  }

  #isEndAfter(character: string): boolean {
    switch (this.#state) {
      case 'code':
        return this.#isEndInCode(character);
      case 'string':
        if (character === '"') this.#state = 'code';
        else if (character === '\\') this.#state = 'escape';
        return false;
      case 'escape':
        this.#state = 'string';
        return false;
      case 'comment':
        if (character === '\n') this.#state = 'code';
        return false;
      case 'character':
        this.#state = 'code';
        return false;
    }
  }

  #isEndInCode(character: string): boolean {
    switch (character) {
      case '"':
        this.#state = 'string';
        return false;
      case ';':
        this.#state = 'comment';
        return false;
      case '\\':
        this.#state = 'character';
        return false;
      case '(':
      case '[':
      case '{':
        this.#depth++;
        return false;
      case ')':
      case ']':
      case '}':
        // One that closes nothing is for the reader to refuse.
        this.#depth = Math.max(0, this.#depth - 1);
        if (this.#depth > 0) return false;
        if (this.#discards === 0) return true;
        this.#discards--;
        return false;
      case '_':
        if (this.#previous === '#' && this.#depth === 0) this.#discards++;
        return false;
      default:
        return false;
    }
  }
}

/** The place that comes after a text which begins at another. */
export function placeAfter({ line, column }: Place, text: string): Place {
  const lines = text.split('\n');
  const last = lines.at(-1) ?? '';
  if (lines.length === 1) return { line, column: column + last.length };
  return { line: line + lines.length - 1, column: last.length + 1 };
}
