/**
 * A whole list as lines of JSON, each an entity. Which entities there are is asked for in windows, because without an index each such question goes through
 * the whole list; what they say is read in much smaller parts, and only when those before them were taken.
 */
import type { EntityType } from '../../schema/model/model.ts';
import type { ListArguments } from '../select/selection.ts';
import { readEntities } from './entity-json.ts';
import { List, NO_PARENTS } from './list.ts';
import type { EntityPlan } from './plan.ts';
import type { ReadScope } from './scope.ts';
import type { Snapshot } from '../../services/reader/reader.ts';

export interface LinesRequest {
  readonly type: EntityType;
  /** `first` has no bound here. */
  readonly list: ListArguments;
  readonly plan: EntityPlan;
  /** The scope of the next question, which has time of its own: of the list's own state, or that which its cursors have fixed. */
  readonly scopeNow: (fixed?: Snapshot) => ReadScope;
  /** Takes note of entities that are read now. */
  readonly charge: (entities: number) => void;
}

/** How many entities are known by their places in the list. */
export const WINDOW = 10_000;

/** How long a part is to be, in characters; so many entities that is, as the part before it tells. */
const PART_LENGTH = 64 * 1024;
const FIRST_PART = 20;
const MAX_PART = 500;

/** Some lines at a time. @throws BAD_USER_INPUT, BAD_CURSOR */
export async function* readLines(request: LinesRequest): AsyncGenerator<string, void> {
  const { type, list, plan, scopeNow, charge } = request;
  const origin = { kind: 'type', type } as const;
  let pinned: Snapshot | undefined;
  async function* windows(): AsyncGenerator<ReadonlyArray<number>, void> {
    let left = list.first ?? Infinity;
    let next: ListArguments = { ...list, first: null };
    while (left > 0) {
      const opened = await List.open(scopeNow(), origin, next, Math.min(left, WINDOW));
      const page = (await opened.pages(NO_PARENTS, true))(undefined);
      const { entities, positionAt, hasNextPage } = page;
      pinned = opened.scope.snapshot;
      yield entities;
      if (!hasNextPage || entities.length === 0) return;
      left -= entities.length;
      const after = opened.cursorOf(positionAt(entities.length - 1));
      next = { ...next, after, offset: null };
    }
  }
  yield* inParts(windows(), (part) => {
    charge(part.length);
    return linesOf(scopeNow(pinned), plan, part);
  });
}

/** A text of some rows at a time, each about as long as a part is to be; rows are asked for when those before them were taken. */
export async function* inParts<Row>(
  windows: AsyncIterable<ReadonlyArray<Row>>,
  textOf: (part: ReadonlyArray<Row>) => Promise<string>,
): AsyncGenerator<string, void> {
  let size = FIRST_PART;
  for await (const rows of windows)
    for (let from = 0; from < rows.length;) {
      const part = rows.slice(from, from + size);
      from += part.length;
      const text = await textOf(part);
      size = sizeAfter(size, text.length);
      yield text;
    }
}

/** How many entities come next, where so many have made a text of some length. */
function sizeAfter(size: number, length: number): number {
  const fitting = Math.floor((size * PART_LENGTH) / Math.max(1, length));
  return Math.max(1, Math.min(fitting, 2 * size, MAX_PART));
}

async function linesOf(
  scope: ReadScope,
  plan: EntityPlan,
  entities: ReadonlyArray<number>,
): Promise<string> {
  const fragments = await readEntities({ scope, variables: {} }, plan, entities);
  let text = '';
  for (const entity of entities) {
    const line = fragments.get(entity);
    if (line !== undefined && line !== null) text += `${line}\n`;
  }
  return text;
}
