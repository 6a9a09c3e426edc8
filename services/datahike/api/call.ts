/** One operation of the table: asked of this process, or of the peer whose handles are among the arguments. */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { DatabaseError, kw, printEdn } from '../../../engine/index.ts';
import { readJs } from '../../../schema/js.ts';
import { OPERATIONS } from '../../../schema/operation.ts';
import { Tagged } from '../../../schema/value.ts';
import type { RemotePeer } from '../http/client.ts';
import { callPeer } from '../http/client.ts';
import { coerce } from '../http/coercion.ts';
import type { Argument } from '../live.ts';
import { perform } from '../operations.ts';
import type { Handle } from './handles.ts';
import { ConnectionHandle, DatabaseHandle, checkOpen } from './handles.ts';
import { registryOfProcess } from './process.ts';
import { showAnswer, showPeerAnswer } from './show.ts';

/** Reads a value of JavaScript as an argument. */
export type Read = (value: unknown) => EdnData;

/** Asks for an operation with arguments in JavaScript. @throws the errors of the operation; BAD_USER_INPUT where the arguments do not fit */
export function call<T>(name: string, args: ReadonlyArray<unknown>): Promise<T> {
  return callWith<T>(name, (read) => withoutTrailing(args).map(read));
}

/** The same with arguments of which some are EDN data already. */
export async function callWith<T>(
  name: string,
  argumentsOf: (read: Read) => ReadonlyArray<EdnData>,
): Promise<T> {
  const reading = new Arguments();
  return ask<T>(name, coerced(name, argumentsOf(reading.read)), reading);
}

/** The same with arguments that were read and checked; tagged elements among them stand for handles. */
export async function ask<T>(
  name: string,
  args: ReadonlyArray<EdnData>,
  reading: Arguments,
): Promise<T> {
  const { peer } = reading;
  if (peer !== undefined) return showPeerAnswer(await callPeer(peer, name, args), peer) as T;
  const live = args.map((arg) => reading.liveOf(arg));
  return showAnswer(await perform(name, live, { registry: registryOfProcess(), limits: {} })) as T;
}

const ARGS = kw('args');

/** Reads arguments, and knows what handles stand in them for. */
export class Arguments {
  readonly #handles = new Map<Tagged, Handle>();

  readonly read: Read = (value) =>
    readJs(value, (data) => {
      if (!(data instanceof ConnectionHandle || data instanceof DatabaseHandle)) return undefined;
      checkOpen(data);
      this.#handles.set(data.tagged, data);
      return data.tagged;
    });

  /** Where handles are from; undefined is this process. @throws BAD_USER_INPUT where they are from several places */
  get peer(): RemotePeer | undefined {
    const [first, ...others] = [...this.#handles.values()].map(({ peer }) => peer);
    const other = others.find((peer) => peer?.url !== first?.url);
    const isMixed = others.some((peer) => peer?.url !== first?.url);
    if (!isMixed) return first;
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected databases of one place in a call, got ${placeOf(first)} and ${placeOf(other)}: ask each of them on its own`,
      { kind: 'remote-peers-differ' },
    );
  }

  /** An argument with what lives here in the place of handles, also within the `:args` of a query. */
  liveOf(arg: EdnData): Argument {
    const live = arg instanceof Tagged ? this.#handles.get(arg)?.live : undefined;
    if (live !== undefined) return live;
    const inputs = arg instanceof Map ? (arg as EdnMap).get(ARGS) : undefined;
    if (!Array.isArray(inputs)) return arg;
    const lives = (inputs as ReadonlyArray<EdnData>).map((input) => this.liveOf(input));
    return new Map([...(arg as EdnMap), [ARGS, lives as ReadonlyArray<EdnData>]]);
  }
}

function placeOf(peer: RemotePeer | undefined): string {
  return peer?.url ?? 'this process';
}

const BY_NAME = new Map(OPERATIONS.map((operation) => [operation.name, operation]));

/** As texts of JSON are: where a keyword or a UUID is wanted, a text may stand for it. */
export function coerced(name: string, given: ReadonlyArray<EdnData>): ReadonlyArray<EdnData> {
  const operation = BY_NAME.get(name);
  if (operation === undefined) return given;
  const read = coerce(operation, given, true);
  if ('args' in read) return read.args;
  const why = read.report.get(kw('humanized')) ?? null;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `The arguments of ${name} do not fit: ${printEdn(why)}`,
  );
}

/** What was not given after the last argument. */
function withoutTrailing(args: ReadonlyArray<unknown>): ReadonlyArray<unknown> {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}
