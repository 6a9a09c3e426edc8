/**
 * The JSON of entities that was written before, kept beside the base trees that it was read from: pages of what everybody looks at meet the same entities again
 * and again, each in a leaf of its own. It is as good as what is written anew for as long as nothing newer is said of the entity, which is asked each time.
 */
import type { BaseFacts } from '../../services/reader/reader.ts';
import type { EntityPlan, FieldPlan } from './plan.ts';
import type { ReadScope } from './scope.ts';

type Texts = Map<number, string>;

interface KeptOfPlan {
  readonly encodeId: ReadScope['encodeId'];
  readonly texts: Texts;
}

/** By the trees and the plan; what neither has any more goes with them. */
type Generation = WeakMap<BaseFacts['trees'], WeakMap<EntityPlan, KeptOfPlan>>;

/** For so many characters a new generation is begun; what was not met again in the one before it is dropped. */
const MAX_CHARACTERS = 2 ** 23;

/** What an entry takes beside its text. */
const ENTRY_CHARACTERS = 64;

/** Many plans serve one request. */
const met = new WeakSet<EntityPlan>();

let young: Generation = new WeakMap();
let old: Generation = new WeakMap();
let characters = 0;

/** The fragments of the entities of one level. */
export class KeptFragments {
  readonly #facts: BaseFacts;
  readonly #plan: EntityPlan;
  readonly #encodeId: ReadScope['encodeId'];
  readonly #young: Texts | undefined;
  readonly #old: Texts | undefined;
  /** Whether nothing newer is said of any of the entities. */
  readonly #areSettled: boolean;

  private constructor(
    facts: BaseFacts,
    plan: EntityPlan,
    encodeId: ReadScope['encodeId'],
    entities: ReadonlyArray<number>,
  ) {
    this.#facts = facts;
    this.#plan = plan;
    this.#encodeId = encodeId;
    this.#young = textsIn(young, facts, plan, encodeId);
    this.#old = textsIn(old, facts, plan, encodeId);
    this.#areSettled = hasAllAmong(facts, entities);
  }

  /** Undefined where what is shown of an entity depends on more than on what it says itself: on others, on its caller, on a point in time. */
  static of(
    { snapshot, lists, encodeId }: Pick<ReadScope, 'snapshot' | 'lists' | 'encodeId'>,
    plan: EntityPlan,
    entities: ReadonlyArray<number>,
  ): KeptFragments | undefined {
    if (!plan.isOwn || plan.shows.kind !== 'typed') return undefined;
    if (lists.rule(plan.shows.type, 'read') !== undefined) return undefined;
    if (!met.has(plan)) {
      met.add(plan);
      return undefined;
    }
    const facts = snapshot.baseFacts();
    return facts && new KeptFragments(facts, plan, encodeId, entities);
  }

  get(entity: number): string | undefined {
    const known = this.#young?.get(entity);
    if (known !== undefined) return this.#hasAllOf(entity) ? known : undefined;
    const older = this.#old?.get(entity);
    if (older === undefined || !this.#hasAllOf(entity)) return undefined;
    this.#add(entity, older);
    return older;
  }

  keep(entity: number, text: string): void {
    // A text that was put together is a tree of its parts until a character of it is looked at; as a whole it is smaller, and faster to send.
    text.charCodeAt(0);
    if (this.#hasAllOf(entity)) this.#add(entity, text);
  }

  #hasAllOf(entity: number): boolean {
    return this.#areSettled || this.#facts.hasAllOf(entity);
  }

  #add(entity: number, text: string): void {
    const { trees } = this.#facts;
    let ofTrees = young.get(trees);
    if (ofTrees === undefined) young.set(trees, (ofTrees = new WeakMap()));
    let kept = ofTrees.get(this.#plan);
    if (kept?.encodeId !== this.#encodeId)
      ofTrees.set(this.#plan, (kept = { encodeId: this.#encodeId, texts: new Map() }));
    kept.texts.set(entity, text);
    characters += text.length + ENTRY_CHARACTERS;
    if (characters < MAX_CHARACTERS) return;
    old = young;
    young = new WeakMap();
    characters = 0;
  }
}

/** Most pages are of entities that nobody has written to of late, nor to any between them. */
function hasAllAmong(facts: BaseFacts, entities: ReadonlyArray<number>): boolean {
  let [from, to] = [Infinity, -Infinity];
  for (const entity of entities) {
    if (entity < from) from = entity;
    if (entity > to) to = entity;
  }
  return facts.hasAllOf(from, to);
}

function textsIn(
  generation: Generation,
  { trees }: BaseFacts,
  plan: EntityPlan,
  encodeId: ReadScope['encodeId'],
): Texts | undefined {
  const kept = generation.get(trees)?.get(plan);
  return kept?.encodeId === encodeId ? kept.texts : undefined;
}

/** Whether a field shows what the entity itself says, and nothing of others. */
export function isOwn(field: FieldPlan): boolean {
  switch (field.kind) {
    case 'constant':
    case 'id':
      return true;
    case 'value':
    case 'values':
      return !field.isIdent;
    case 'object':
    case 'one':
    case 'foreign':
    case 'list':
    case 'connection':
    case 'facets':
    case 'made':
      return false;
  }
}
