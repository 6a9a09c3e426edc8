/**
 * What a declared schema says of data: entity maps that can be transacted, patterns that can be pulled, and what they show. Types alone. Each is worked
 * out from the definition as it was written; nothing recurs further than a pattern is deep.
 */

/** One attribute: what is written to it, what is read, and how it was declared. */
export interface AttributeType<In = unknown, Out = unknown> {
  readonly valueType: string;
  readonly options: AttributeOptions;
  /** The kind of entity that a reference leads to; undefined where it is none. */
  readonly target: string | undefined;
  /** Never there: they say to the compiler what the values are. */
  readonly written?: In;
  readonly read?: Out;
}

export interface AttributeOptions {
  /** Several values. */
  readonly many?: boolean;
  /** `identity`: a map with a value that is known is about the entity that has it. */
  readonly unique?: 'identity' | 'value';
  /** What the program promises: whatever is pulled under this attribute has it. */
  readonly required?: boolean;
  /** Parts of an entity, which are pulled and retracted with it. */
  readonly component?: boolean;
  readonly index?: boolean;
  readonly noHistory?: boolean;
  readonly doc?: string;
}

/** Kinds of entities, each with its attributes: `{ person: { name: string() } }` declares `:person/name`. */
export type AnyDefinition = Readonly<Record<string, Readonly<Record<string, AttributeType>>>>;

/** Whether nobody declared a schema. */
type IsOpen<S> = string extends keyof S ? true : false;

type Kind<S> = keyof S & string;
/** `person/name` */
export type Ident<S extends AnyDefinition> = {
  [K in Kind<S>]: `${K}/${keyof S[K] & string}`;
}[Kind<S>];

type AttributeAt<S extends AnyDefinition, I> = I extends `${infer K}/${infer A}` ? S[K][A] : never;

type Has<A, Option extends keyof AttributeOptions> = A extends {
  readonly options: Readonly<Record<Option, true>>;
}
  ? true
  : false;

type Written<A> = A extends AttributeType<infer In> ? In : never;
type Read<A> = A extends AttributeType<unknown, infer Out> ? Out : never;
type Target<A> = A extends { readonly target: infer T extends string } ? T : never;

type IdentWhere<S extends AnyDefinition, Condition> = {
  [I in Ident<S>]: AttributeAt<S, I> extends Condition ? I : never;
}[Ident<S>];

/** References, by their idents. */
type RefIdent<S extends AnyDefinition> = IdentWhere<S, { readonly target: string }>;

type UniqueIdent<S extends AnyDefinition> = IdentWhere<
  S,
  { readonly options: { readonly unique: string } }
>;

/** `person/_friends`: those that refer here. */
type ReverseOf<I> = I extends `${infer K}/${infer A}` ? `${K}/_${A}` : never;
type ForwardOf<R> = R extends `${infer K}/_${infer A}` ? `${K}/${A}` : never;

/** `[':person/email', 'ada@example.com']`, by unique attributes alone. */
export type LookupRef<S extends AnyDefinition> =
  IsOpen<S> extends true
    ? ReadonlyArray<unknown>
    : {
        [I in UniqueIdent<S>]: readonly [`:${I}`, Written<AttributeAt<S, I>>];
      }[UniqueIdent<S>];

/** An id, an ident, or a lookup ref. */
export type EntityRef<S extends AnyDefinition> = number | `:${string}` | LookupRef<S>;

/** The same, or a tempid: a negative number or a text. */
export type TransactionRef<S extends AnyDefinition> = EntityRef<S> | string;

type One<S extends AnyDefinition, A> = [Target<A>] extends [never]
  ? Written<A>
  : TransactionRef<S> | EntityMap<S>;

type Values<S extends AnyDefinition, A> =
  Has<A, 'many'> extends true ? One<S, A> | ReadonlyArray<One<S, A>> : One<S, A>;

/** What is said of an entity, and of those that it refers to. */
export type EntityMap<S extends AnyDefinition> = {
  readonly [I in Ident<S>]?: Values<S, AttributeAt<S, I>>;
} & {
  readonly [R in ReverseOf<RefIdent<S>>]?: TransactionRef<S> | ReadonlyArray<TransactionRef<S>>;
} & { readonly 'db/id'?: TransactionRef<S> };

/** `[':db/add', …]` and its kin. */
export type Operation<S extends AnyDefinition> =
  | {
      [I in Ident<S>]:
        | readonly [
            ':db/add' | ':db/retract' | ':db/purge',
            TransactionRef<S>,
            `:${I}`,
            One<S, AttributeAt<S, I>>,
          ]
        // With the transaction that it is said to be of.
        | readonly [':db/add', TransactionRef<S>, `:${I}`, One<S, AttributeAt<S, I>>, number]
        | readonly [
            ':db/cas' | ':db.fn/cas',
            TransactionRef<S>,
            `:${I}`,
            One<S, AttributeAt<S, I>> | null,
            One<S, AttributeAt<S, I>>,
          ];
    }[Ident<S>]
  | readonly [
      ':db/retract' | ':db.fn/retractAttribute' | ':db.purge/attribute',
      TransactionRef<S>,
      `:${Ident<S>}`,
    ]
  | readonly [':db/retractEntity' | ':db.fn/retractEntity' | ':db.purge/entity', EntityRef<S>]
  | readonly [':db.history.purge/before', Date]
  | readonly [':db.fn/call', string, ...unknown[]];

/** A map about the schema itself. */
export interface SchemaMap {
  readonly 'db/ident': `:${string}`;
  readonly [key: `db/${string}`]: unknown;
}

type Form<S extends AnyDefinition> =
  IsOpen<S> extends true
    ? Readonly<Record<string, unknown>> | ReadonlyArray<unknown>
    : EntityMap<S> | Operation<S> | SchemaMap;

/** Transaction data: forms, EDN text, or a map of either with what the transaction says of itself. */
export type Transaction<S extends AnyDefinition> =
  | string
  | ReadonlyArray<Form<S>>
  | {
      readonly 'tx-data': string | ReadonlyArray<Form<S>>;
      readonly 'tx-meta'?: Readonly<Record<string, unknown>>;
    };

type Pullable<S extends AnyDefinition> = Ident<S> | ReverseOf<RefIdent<S>>;

/** What of an entity is asked for. EDN text is taken too, whose answer nobody can foretell. */
export type Pattern<S extends AnyDefinition> =
  IsOpen<S> extends true ? ReadonlyArray<unknown> : ReadonlyArray<PatternElement<S>>;

type PatternElement<S extends AnyDefinition> =
  | '*'
  | ':db/id'
  | `:${Pullable<S>}`
  | readonly [`:${Pullable<S>}`, ...unknown[]]
  | {
      readonly [I in RefIdent<S> | ReverseOf<RefIdent<S>> as `:${I}`]?: Pattern<S> | number | '...';
    };

/** What a pattern shows of an entity, in which an attribute may be missing unless it is required. */
export type Pulled<S extends AnyDefinition, P> =
  IsOpen<S> extends true
    ? Readonly<Record<string, unknown>>
    : P extends ReadonlyArray<unknown>
      ? Merged<PulledElement<S, P[number], Kind<S>>>
      : Readonly<Record<string, unknown>>;

/** As {@link Pulled}, of one kind of entity. */
type PulledOf<S extends AnyDefinition, P, K extends Kind<S>> =
  P extends ReadonlyArray<unknown>
    ? Merged<PulledElement<S, P[number], K>>
    : // Levels without end, or as many as there are.
      { readonly 'db/id'?: number; readonly [key: string]: unknown };

type PulledElement<S extends AnyDefinition, X, K extends Kind<S>> = X extends '*'
  ? Whole<S, K>
  : X extends ':db/id'
    ? { readonly 'db/id': number }
    : X extends `:${infer I}`
      ? Shown<S, I, I, never>
      : X extends readonly [`:${infer I}`, ...infer Options]
        ? Shown<S, I, Renamed<Options, I>, OptionOf<Options, ':default'>>
        : Nested<S, X>;

/** All attributes that an entity of a kind can have. Of an entity of any kind nothing is sure. */
type Whole<S extends AnyDefinition, K extends Kind<S>> = {
  readonly 'db/id': number;
} & (Kind<S> extends K
  ? { readonly [I in Ident<S>]?: Seen<AttributeAt<S, I>> }
  : Shown<S, Ident<Pick<S, K>>, never, never>);

/** An attribute under its own name (`Key` is `never`) or another one. */
type Shown<S extends AnyDefinition, I, Key, Default> = [Default] extends [never]
  ? {
      readonly [N in I as IsSure<S, N> extends true ? KeyOf<N, Key> : never]: SeenAt<S, N>;
    } & {
      readonly [N in I as IsSure<S, N> extends true ? never : KeyOf<N, Key>]?: SeenAt<S, N>;
    }
  : { readonly [N in I as KeyOf<N, Key>]: SeenAt<S, N> | Default };

type KeyOf<I, Key> = [Key] extends [never] ? I & string : Key & string;

type IsSure<S extends AnyDefinition, I> =
  I extends Ident<S> ? Has<AttributeAt<S, I>, 'required'> : false;

type SeenAt<S extends AnyDefinition, I> =
  I extends Ident<S>
    ? Seen<AttributeAt<S, I>>
    : Sources<S, ForwardOf<I>, { readonly 'db/id': number }>;

/** What an attribute shows without a pattern of its own. Components are shown with all that they have. */
type Seen<A> = Several<
  A,
  [Target<A>] extends [never]
    ? Read<A>
    : Has<A, 'component'> extends true
      ? { readonly 'db/id': number; readonly [key: string]: unknown }
      : { readonly 'db/id': number }
>;

type Several<A, T> = Has<A, 'many'> extends true ? ReadonlyArray<T> : T;

/** Those that refer here; of a component the one that it is a part of. */
type Sources<S extends AnyDefinition, I, T> =
  Has<AttributeAt<S, I>, 'component'> extends true ? T : ReadonlyArray<T>;

type Nested<S extends AnyDefinition, X> = {
  readonly [
    N in keyof X as N extends `:${infer I}` ? (IsSure<S, I> extends true ? I : never) : never
  ]: NestedAt<S, N, X[N]>;
} & {
  readonly [
    N in keyof X as N extends `:${infer I}` ? (IsSure<S, I> extends true ? never : I) : never
  ]?: NestedAt<S, N, X[N]>;
};

type NestedAt<S extends AnyDefinition, N, P> = N extends `:${infer I}`
  ? I extends Ident<S>
    ? Several<AttributeAt<S, I>, PulledOf<S, P, Target<AttributeAt<S, I>> & Kind<S>>>
    : Sources<S, ForwardOf<I>, PulledOf<S, P, KindOf<I> & Kind<S>>>
  : never;

type KindOf<I> = I extends `${infer K}/${string}` ? K : never;

/** The value of an option: `[':person/name', ':as', 'name']` has `'name'` for `':as'`. */
type OptionOf<Options, Name> = Options extends readonly [infer N, infer V, ...infer Rest]
  ? N extends Name
    ? V
    : OptionOf<Rest, Name>
  : never;

type Renamed<Options, I> = [OptionOf<Options, ':as'>] extends [never]
  ? I
  : OptionOf<Options, ':as'> extends `:${infer Name}`
    ? Name
    : OptionOf<Options, ':as'>;

/** One object of all elements of a pattern. */
type Merged<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer All) => void
  ? { [K in keyof All]: All[K] }
  : never;
