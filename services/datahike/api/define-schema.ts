/** A schema as a program declares it: once, for the database and for the compiler. */
import type { AnyDefinition, AttributeOptions, AttributeType, SchemaMap } from './schema-types.ts';
import type { Uuid } from '../../../engine/index.ts';

export interface Schema<S extends AnyDefinition = AnyDefinition> {
  readonly definition: S;
  /** What declares it in a database: `transact(connection, schema.txData)`. */
  readonly txData: ReadonlyArray<SchemaMap>;
}

/**
 * Declares kinds of entities with their attributes.
 *
 *     const people = defineSchema({
 *       person: { email: string({ unique: 'identity', required: true }), friends: refs('person') },
 *     })
 *     const connection = await connect(config, { schema: people })
 *     await transact(connection, people.txData)
 *     await transact(connection, [{ 'person/email': 'ada@example.com' }])
 *
 * Targets of references are kinds of the same schema.
 */
export function defineSchema<const S extends AnyDefinition>(
  definition: S & Targeted<S>,
): Schema<S> {
  const txData = Object.entries(definition as AnyDefinition).flatMap(([kind, attributes]) =>
    Object.entries(attributes).map(([name, attribute]) => declared(`${kind}/${name}`, attribute)),
  );
  return { definition, txData };
}

/** References to a kind that is not declared are none. */
type Targeted<S> = {
  readonly [K in keyof S]: {
    readonly [A in keyof S[K]]: S[K][A] extends { readonly target: infer T extends string }
      ? T extends keyof S
        ? S[K][A]
        : AttributeType & { readonly target: keyof S & string }
      : S[K][A];
  };
};

function declared(ident: string, { valueType, options }: AttributeType): SchemaMap {
  const { many = false, unique, component, index, noHistory, doc } = options;
  return {
    'db/ident': `:${ident}`,
    'db/valueType': `:db.type/${valueType}`,
    'db/cardinality': many ? ':db.cardinality/many' : ':db.cardinality/one',
    ...(unique === undefined ? {} : { 'db/unique': `:db.unique/${unique}` }),
    ...(component === true ? { 'db/isComponent': true } : {}),
    ...(index === true ? { 'db/index': true } : {}),
    ...(noHistory === true ? { 'db/noHistory': true } : {}),
    ...(doc === undefined ? {} : { 'db/doc': doc }),
  };
}

/** An attribute that was declared with some options. */
type Attribute<In, Out, O> = AttributeType<In, Out> & {
  readonly options: O;
  readonly target: undefined;
};

type Declare<In, Out = In> = <const O extends AttributeOptions = Record<never, never>>(
  options?: O,
) => Attribute<In, Out, O>;

function attribute<In, Out = In>(valueType: string): Declare<In, Out> {
  return <const O extends AttributeOptions>(options?: O) =>
    ({ valueType, options: options ?? {}, target: undefined }) as Attribute<In, Out, O>;
}

export const string = attribute<string>('string');
export const boolean = attribute<boolean>('boolean');
/** An integer. One beyond the safe integers of JavaScript is a bigint. */
export const long = attribute<number | bigint, number>('long');
export const bigint = attribute<bigint>('bigint');
export const double = attribute<number>('double');
export const float = attribute<number>('float');
export const instant = attribute<Date>('instant');
/** Written as `uuid('…')`, read as a text. */
export const uuidValue = attribute<Uuid, string>('uuid');
/** `':color/red'` */
export const keyword = attribute<`:${string}`>('keyword');
export const bytes = attribute<Uint8Array>('bytes');

type Reference<T extends string, O> = AttributeType<number, number> & {
  readonly options: O;
  readonly target: T;
};

/** A reference to an entity of a kind. */
export function ref<
  const T extends string,
  const O extends AttributeOptions = Record<never, never>,
>(target: T, options?: O): Reference<T, O> {
  return { valueType: 'ref', options: options ?? {}, target } as Reference<T, O>;
}

/** References to entities of a kind. */
export function refs<
  const T extends string,
  const O extends AttributeOptions = Record<never, never>,
>(target: T, options?: O): Reference<T, O & { readonly many: true }> {
  return ref(target, { ...options, many: true } as O & { readonly many: true });
}
