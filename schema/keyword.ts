/**
 * Keywords and symbols, the two kinds of name in EDN. Both are interned: the same name is the same object, so `===`
 * compares them and a `Map` can be keyed by them.
 */

const keywords = new Map<string, Keyword>();
const symbols = new Map<string, Sym>();

/** `:ns/name`. Make one with {@link kw}. */
export class Keyword {
  /** `''` when the keyword has no namespace. */
  readonly namespace: string;
  readonly name: string;
  /** Orders like Datahike: no namespace first, then by namespace, then by name, in UTF-16 code units. */
  readonly sortKey: string;
  readonly #text: string;

  private constructor(qualifiedName: string) {
    [this.namespace, this.name] = splitName(qualifiedName);
    this.sortKey = `${this.namespace}\u0000${this.name}`;
    this.#text = `:${qualifiedName}`;
  }

  static intern(qualifiedName: string): Keyword {
    let keyword = keywords.get(qualifiedName);
    if (keyword === undefined) {
      keyword = new Keyword(qualifiedName);
      keywords.set(qualifiedName, keyword);
    }
    return keyword;
  }

  /** `ns/name`, without the colon. */
  get qualifiedName(): string {
    return this.#text.slice(1);
  }

  /** `:ns/name`, as EDN writes it. */
  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#text;
  }
}

/** A symbol such as `?e`, `$` or `my.ns/f`. Make one with {@link sym}. */
export class Sym {
  /** With the namespace. */
  readonly name: string;
  /** Orders as that of {@link Keyword}. */
  readonly sortKey: string;

  private constructor(name: string) {
    this.name = name;
    this.sortKey = splitName(name).join('\u0000');
  }

  static intern(name: string): Sym {
    let symbol = symbols.get(name);
    if (symbol === undefined) {
      symbol = new Sym(name);
      symbols.set(name, symbol);
    }
    return symbol;
  }

  toString(): string {
    return this.name;
  }

  toJSON(): string {
    return this.name;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.name;
  }
}

/** Namespace and name; a slash alone or in front is part of the name. */
function splitName(qualifiedName: string): readonly [namespace: string, name: string] {
  const slash = qualifiedName.indexOf('/');
  return slash > 0
    ? [qualifiedName.slice(0, slash), qualifiedName.slice(slash + 1)]
    : ['', qualifiedName];
}

/** Whether a name, without its colon, is one that EDN reads as a keyword. */
export function isKeywordName(name: string): boolean {
  return /^[^\s,()[\]{}";]+$/.test(name) && /^(?:[^/:#][^/]*\/)?[^/:][^/]*$/.test(name);
}

/** The keyword of a name: `kw('person/name')` and `kw(':person/name')` are both `:person/name`. */
export function kw(name: string): Keyword {
  return Keyword.intern(name.startsWith(':') ? name.slice(1) : name);
}

/** The symbol of a name: `sym('?e')`. */
export function sym(name: string): Sym {
  return Sym.intern(name);
}

/** Whether an attribute is written backward: `:_friend`, `:ns/_friend`. */
export function isReverse(ident: Keyword): boolean {
  return ident.name.startsWith('_');
}

/** The attribute itself, whichever way it is written. */
export function forwardOf(ident: Keyword): Keyword {
  if (!isReverse(ident)) return ident;
  const prefix = ident.namespace === '' ? '' : `${ident.namespace}/`;
  return Keyword.intern(`${prefix}${ident.name.slice(1)}`);
}
