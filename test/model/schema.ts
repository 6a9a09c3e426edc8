/** The schema of the model: what the facts about attributes come to, looked up anew each time. */
import type { DatabaseConfig } from '../../engine/index.ts';
import { Keyword, Sym, kw } from '../../schema/keyword.ts';
import { SYSTEM_ENTITIES } from '../../schema/system-entities.ts';
import type { Value } from '../../schema/value.ts';
import type { ModelDb, Name } from './facts.ts';
import { systemName } from './facts.ts';

export interface ModelAttribute {
  readonly name: Name;
  readonly ident: Keyword;
  readonly type: string | undefined;
  readonly isMany: boolean;
  readonly unique?: 'identity' | 'value' | undefined;
  readonly isIndexed: boolean;
  readonly isComponent: boolean;
  readonly isForgetful: boolean;
  readonly maxLength?: number | undefined;
  readonly predicates: ReadonlyArray<Sym>;
  readonly tuple?: ModelTuple | undefined;
  readonly isSystem: boolean;
}

export interface ModelTuple {
  readonly kind: 'homogeneous' | 'heterogeneous' | 'composite';
  /** The type, the types, or the idents of the members. */
  readonly parts: ReadonlyArray<Keyword>;
}

/** What is said of one entity, by the idents of attributes of attributes; enums as keywords. */
export type Definition = ReadonlyMap<string, ReadonlyArray<Value>>;

export class ModelSchema {
  readonly config: DatabaseConfig;
  readonly #definitions = new Map<number, Map<string, Value[]>>();
  readonly #ids = new Map<Keyword, number>();
  readonly #formerIds = new Map<Keyword, number>();
  readonly #attributes = new Map<Name, ModelAttribute>();

  constructor({ config, log, held }: Pick<ModelDb, 'config' | 'log' | 'held'>) {
    this.config = config;
    for (const { e, a, v } of held) {
      const part = PARTS.find((ident) => systemName(config, kw(ident)) === a);
      if (part !== undefined) this.#noteDefinition(e, part, v);
    }
    for (const [id, definition] of this.#definitions) {
      const ident = definition.get('db/ident')?.[0];
      if (ident instanceof Keyword) this.#ids.set(ident, id);
    }
    for (const { e, a, v, added } of log)
      if (!added && a === systemName(config, kw('db/ident')) && v instanceof Keyword)
        if (this.identOf(e) !== undefined && !this.#ids.has(v) && !this.#formerIds.has(v))
          this.#formerIds.set(v, e);
    for (const attribute of systemAttributes(config))
      this.#attributes.set(attribute.name, attribute);
    for (const [ident, id] of [...this.#ids, ...this.#formerIds]) this.#declare(ident, id);
  }

  /** A declared attribute. */
  attribute(name: Name): ModelAttribute | undefined {
    return this.#attributes.get(name);
  }

  get attributes(): Iterable<ModelAttribute> {
    return this.#attributes.values();
  }

  /** What names the attribute of an ident in facts. A former ident goes on to name its attribute. */
  nameOf(ident: Keyword): Name | undefined {
    if (!this.config.attributeRefs) return ident;
    return this.#ids.get(ident) ?? this.#formerIds.get(ident);
  }

  attributeNamed(ident: Keyword): ModelAttribute | undefined {
    const name = this.nameOf(ident);
    return name === undefined ? undefined : this.#attributes.get(name);
  }

  idOf(ident: Keyword): number | undefined {
    return this.#ids.get(ident);
  }

  identOf(id: number): Keyword | undefined {
    return [...this.#ids].find(([, other]) => other === id)?.[0];
  }

  /** What the entity says as part of the schema; enums as keywords. */
  definition(id: number): Definition {
    return this.#definitions.get(id) ?? new Map<string, Value[]>();
  }

  /** The user's idents, also former ones, with the entities that they name. */
  get entries(): ReadonlyArray<readonly [Keyword, number]> {
    return [...this.#ids, ...this.#formerIds].filter(([ident, id]) => !this.#isSystem(ident, id));
  }

  isCurrent(ident: Keyword): boolean {
    return this.#ids.has(ident);
  }

  #isSystem({ namespace }: Keyword, id: number): boolean {
    const isReserved = namespace === 'db' || namespace.startsWith('db.');
    return isReserved || (this.config.attributeRefs && id <= SYSTEM_ENTITIES.length);
  }

  #noteDefinition(e: number, part: string, v: Value): void {
    const definition = this.#definitions.get(e) ?? new Map<string, Value[]>();
    const isEnum = typeof v === 'number' && ENUMS.includes(part);
    const value = isEnum ? (SYSTEM_ENTITIES[v - 1]?.ident ?? v) : v;
    definition.set(part, [...(definition.get(part) ?? []), value]);
    this.#definitions.set(e, definition);
  }

  #declare(ident: Keyword, id: number): void {
    const said = this.definition(id);
    const makesAttribute = PARTS.filter((part) => !SAID_OF_ANYTHING.includes(part));
    if (!makesAttribute.some((part) => said.has(part)) || this.#isSystem(ident, id)) return;
    if (this.config.attributeRefs && !this.isCurrent(ident)) return;
    const nameIn = (part: string): string | undefined => {
      const value = said.get(part)?.[0];
      return value instanceof Keyword ? value.name : undefined;
    };
    const isSet = (part: string): boolean => said.get(part)?.[0] === true;
    const unique = nameIn('db/unique') as ModelAttribute['unique'];
    const type = nameIn('db/valueType');
    const maxLength = said.get('db/maxLength')?.[0];
    const name = this.config.attributeRefs ? id : ident;
    this.#attributes.set(name, {
      name,
      ident,
      type,
      isMany: nameIn('db/cardinality') === 'many',
      unique,
      isIndexed: isSet('db/index') || unique !== undefined || type === 'ref',
      isComponent: isSet('db/isComponent'),
      isForgetful: isSet('db/noHistory'),
      maxLength: typeof maxLength === 'number' ? maxLength : undefined,
      predicates: (said.get('db.attr/preds') ?? []).filter((v) => v instanceof Sym),
      tuple: tupleIn(said),
      isSystem: false,
    });
  }
}

/** An attribute that nobody declared, in a database that takes any. */
export function undeclared(name: Name): ModelAttribute {
  return { ...PLAIN, name, ident: name as Keyword, type: undefined, isSystem: false };
}

const PLAIN = {
  isMany: false,
  isIndexed: false,
  isComponent: false,
  isForgetful: false,
  predicates: [],
} as const;

/** Attributes of attributes, their types, and what else there is to say of them. */
const SYSTEM: ReadonlyArray<readonly [string, string | undefined, ('many' | 'indexed')?]> = [
  ['db/ident', 'keyword'],
  ['db/valueType', 'keyword'],
  ['db/cardinality', 'keyword'],
  ['db/unique', 'keyword'],
  ['db/index', 'boolean'],
  ['db/isComponent', 'boolean'],
  ['db/noHistory', 'boolean'],
  ['db/doc', 'string'],
  ['db/tupleType', 'keyword'],
  ['db/tupleTypes', undefined],
  ['db/tupleAttrs', undefined],
  ['db/maxLength', 'long'],
  ['db.attr/preds', 'symbol', 'many'],
  ['db.entity/attrs', 'keyword', 'many'],
  ['db.entity/preds', 'symbol', 'many'],
  ['db/txInstant', 'instant'],
  ['db.valid/from', 'instant', 'indexed'],
  ['db.valid/to', 'instant', 'indexed'],
];

/** What the definition of an attribute is made of. */
const PARTS = SYSTEM.map(([ident]) => ident).slice(0, 15);

const ENUMS = ['db/valueType', 'db/cardinality', 'db/unique'];

/** What makes no attribute of an entity. */
const SAID_OF_ANYTHING = ['db/ident', 'db/doc', 'db.entity/attrs', 'db.entity/preds'];

function systemAttributes(config: DatabaseConfig): ModelAttribute[] {
  const known = SYSTEM.filter(([ident]) => systemName(config, kw(ident)) !== 0);
  return known.map(([ident, type, more]): ModelAttribute => {
    const isTime = ident === 'db/txInstant';
    const isName = ident === 'db/ident';
    return {
      ...PLAIN,
      name: systemName(config, kw(ident)),
      ident: kw(ident),
      type,
      isMany: more === 'many',
      unique: isName ? (config.attributeRefs ? 'value' : 'identity') : undefined,
      // Where attributes are idents, nobody is shown the times of transactions in AVET.
      isIndexed: isName || more === 'indexed' || (isTime && config.attributeRefs),
      isForgetful: isTime,
      isSystem: true,
    };
  });
}

function tupleIn(said: Definition): ModelTuple | undefined {
  const members = said.get('db/tupleAttrs')?.[0];
  if (members !== undefined) return { kind: 'composite', parts: members as Keyword[] };
  const types = said.get('db/tupleTypes')?.[0];
  if (types !== undefined) return { kind: 'heterogeneous', parts: types as Keyword[] };
  const type = said.get('db/tupleType')?.[0];
  return type === undefined ? undefined : { kind: 'homogeneous', parts: [type as Keyword] };
}
