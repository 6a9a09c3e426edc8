/**
 * The headers of an answer until it is begun. Node looks at each header that is set on a response, keeps it under two names, and goes through all of them
 * again when they are written: so they are listed here, and written with the status. Whoever answers by the response itself, such as Express, finds them there.
 */
import type { ServerResponse } from 'node:http';

/** Where headers are said: a response, or what stands for one. */
export interface Headers {
  readonly headersSent: boolean;
  getHeader(name: string): string | number | ReadonlyArray<string> | undefined;
  setHeader(name: string, value: string): unknown;
}

/** Names are told apart as they are spelled. */
export class Head implements Headers {
  readonly response: ServerResponse;
  /** Names and values by turns. */
  #fields: string[] = [];
  #isHandedOver = false;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  get headersSent(): boolean {
    return this.response.headersSent;
  }

  getHeader(name: string): ReturnType<ServerResponse['getHeader']> {
    return this.#isHandedOver
      ? this.response.getHeader(name)
      : this.#fields[this.#placeOf(name) + 1];
  }

  setHeader(name: string, value: string): void {
    if (this.#isHandedOver) {
      this.response.setHeader(name, value);
      return;
    }
    const place = this.#placeOf(name);
    this.#fields[place] = name;
    this.#fields[place + 1] = value;
  }

  /** Begins the answer; its body is the caller's to send. */
  begin(status: number): ServerResponse {
    return this.response.writeHead(status, this.#fields);
  }

  /** The response, with all headers so far and those that are still to be set. */
  handOver(): ServerResponse {
    const fields = this.#fields;
    this.#fields = [];
    this.#isHandedOver = true;
    for (let i = 0; i < fields.length; i += 2)
      this.response.setHeader(fields[i] ?? '', fields[i + 1] ?? '');
    return this.response;
  }

  /** Where a name stands, or would be put. */
  #placeOf(name: string): number {
    let place = 0;
    while (place < this.#fields.length && this.#fields[place] !== name) place += 2;
    return place;
  }
}
