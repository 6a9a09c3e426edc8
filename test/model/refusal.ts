/** A transaction that the model refuses, with the kind of error that the engine has to give. */
export class Refusal extends Error {
  readonly kind: string;

  constructor(kind: string) {
    super(`refused by the model: ${kind}`);
    this.kind = kind;
  }
}

export function fail(kind: string): never {
  throw new Refusal(kind);
}
