/**
 * What a run has read of a database, so that it need not be repeated for a transaction that changes nothing of it. It is not worked out from the
 * operation but written down while it runs: rules of rows, lookups and everything else that is asked count by themselves.
 *
 *     a query        the attributes that it speaks of, of whatever entity
 *     a projection   its attributes, of the entities that it was asked for
 */
import { Keyword } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Datom, Projection, Snapshot } from '../../services/reader/reader.ts';

/** Of so many entities each is remembered; of more only the attributes are. */
const MAX_ENTITIES = 50_000;

interface ProjectedFacts {
  readonly entities: ReadonlySet<number>;
  /** Attributes of the entities; undefined for all. */
  readonly attributes: ReadonlySet<Keyword> | undefined;
  /** Attributes that refer to the entities. */
  readonly references: ReadonlySet<Keyword>;
}

export class Reads {
  #isEverything = false;
  readonly #attributes = new Set<Keyword>();
  readonly #projections: ProjectedFacts[] = [];
  #entityCount = 0;

  /** Where it is not known what was read, or not everything was. */
  addEverything(): void {
    this.#isEverything = true;
  }

  addAttributes(attributes: Iterable<Keyword>): void {
    for (const attribute of attributes) this.#attributes.add(attribute);
  }

  addProjection(
    { attributes, having = [], idents }: Projection,
    entities: readonly number[],
  ): void {
    const isReverse = ({ kind }: Projection['attributes'][number]): boolean => kind === 'reverse';
    const references = attributes.filter(isReverse).map(({ ident }) => ident);
    const own = attributes.filter((each) => !isReverse(each)).map(({ ident }) => ident);
    this.#entityCount += entities.length;
    if (this.#entityCount > MAX_ENTITIES) {
      this.addAttributes([...own, ...having, ...references]);
      if (idents === true) this.addEverything();
      return;
    }
    this.#projections.push({
      entities: new Set(entities),
      attributes: idents === true ? undefined : new Set([...own, ...having]),
      references: new Set(references),
    });
  }

  /** Whether some of the changes are of what was read. */
  meet({ byAttribute }: Changes): boolean {
    if (this.#isEverything) return byAttribute.size > 0;
    for (const [attribute, { entities, targets }] of byAttribute) {
      if (this.#attributes.has(attribute)) return true;
      for (const projected of this.#projections) {
        const isRead = projected.attributes?.has(attribute) ?? true;
        if (isRead && intersect(entities, projected.entities)) return true;
        const isReference = projected.references.has(attribute);
        if (isReference && intersect(targets, projected.entities)) return true;
      }
    }
    return false;
  }
}

/** What some transactions have changed, by attributes: of which entities, and the values where those are numbers, as references are. */
export class Changes {
  readonly byAttribute = new Map<Keyword, ChangedFacts>();

  constructor(datoms: Iterable<Datom> = []) {
    this.add(datoms);
  }

  add(datoms: Iterable<Datom>): void {
    for (const { attribute, e, v } of datoms) {
      // An attribute of which only the number is known is none that the gateway serves.
      if (!(attribute instanceof Keyword)) continue;
      let facts = this.byAttribute.get(attribute);
      if (facts === undefined) {
        facts = { entities: new Set(), targets: new Set() };
        this.byAttribute.set(attribute, facts);
      }
      facts.entities.add(e);
      if (typeof v === 'number') facts.targets.add(v);
    }
  }
}

interface ChangedFacts {
  readonly entities: Set<number>;
  readonly targets: Set<number>;
}

function intersect(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  const [few, many] = one.size <= other.size ? [one, other] : [other, one];
  for (const each of few) if (many.has(each)) return true;
  return false;
}

/** The same snapshot, which writes down what it is asked. What it says of a past that is over does not change. */
export function recordReads(snapshot: Snapshot, reads: Reads): Snapshot {
  return {
    basisTx: snapshot.basisTx,
    commitId: snapshot.commitId,
    databaseId: snapshot.databaseId,
    config: snapshot.config,
    attributes: snapshot.attributes,
    asOf: (point) => {
      const past = snapshot.asOf(point);
      const isOver = typeof point === 'number' && point <= snapshot.basisTx;
      return isOver ? past : recordReads(past, reads);
    },
    within: (limits) => recordReads(snapshot.within(limits), reads),
    history: () => {
      reads.addEverything();
      return snapshot.history();
    },
    with: (request) => snapshot.with(request),
    // What is kept would not be read.
    baseFacts: () => undefined,
    versions: (entities) => {
      reads.addEverything();
      return snapshot.versions(entities);
    },
    entityId: (ref) => {
      reads.addAttributes(attributesIn(ref));
      return snapshot.entityId(ref);
    },
    q: (query, inputs, page) => {
      // The gateway asks in data; a text is of a user's code, and may ask for any attribute.
      if (typeof query === 'string') reads.addEverything();
      else reads.addAttributes(attributesOfQuery(query));
      return snapshot.q(query, inputs, page);
    },
    project: (projection, entities) => {
      reads.addProjection(projection, entities);
      return snapshot.project(projection, entities);
    },
    pull: (pattern, entity) => {
      reads.addEverything();
      return snapshot.pull(pattern, entity);
    },
    pullMany: (pattern, entities) => {
      reads.addEverything();
      return snapshot.pullMany(pattern, entities);
    },
    count: (attribute, value) => {
      reads.addAttributes([attribute]);
      return snapshot.count(attribute, value);
    },
  };
}

const attributesByQuery = new WeakMap<object, ReadonlySet<Keyword>>();

/** One query as data answers many requests. */
function attributesOfQuery(query: EdnData): ReadonlySet<Keyword> {
  if (typeof query !== 'object' || query === null) return attributesIn(query);
  let attributes = attributesByQuery.get(query);
  if (attributes === undefined) {
    attributes = attributesIn(query);
    attributesByQuery.set(query, attributes);
  }
  return attributes;
}

/** All keywords of a form: those that are no attributes do no harm. */
function attributesIn(form: EdnData): ReadonlySet<Keyword> {
  const found = new Set<Keyword>();
  const visit = (each: EdnData): void => {
    if (each instanceof Keyword) found.add(each);
    else if (each instanceof EdnList) each.items.forEach(visit);
    else if (Array.isArray(each)) each.forEach(visit);
    else if (each instanceof Map)
      for (const [key, value] of each) {
        visit(key as EdnData);
        visit(value as EdnData);
      }
  };
  visit(form);
  return found;
}
