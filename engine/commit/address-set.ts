/**
 * A set of addresses as bits. A writer gives out its addresses in order, so a page of them is nearly full or not there: a bit or two for an
 * address, where a `Set` of numbers takes some twenty bytes and ends at sixteen million.
 */
const PAGE_BITS = 2 ** 15;

export class AddressSet {
  readonly #pages = new Map<number, Uint32Array>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False where it was there already. */
  add(address: number): boolean {
    const number = Math.floor(address / PAGE_BITS);
    let page = this.#pages.get(number);
    if (page === undefined) this.#pages.set(number, (page = new Uint32Array(PAGE_BITS / 32)));
    const bit = address % PAGE_BITS;
    const word = page[bit >>> 5] ?? 0;
    const next = word | (1 << (bit & 31));
    if (next === word) return false;
    page[bit >>> 5] = next;
    this.#size++;
    return true;
  }

  has(address: number): boolean {
    const page = this.#pages.get(Math.floor(address / PAGE_BITS));
    const bit = address % PAGE_BITS;
    return page !== undefined && ((page[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}
