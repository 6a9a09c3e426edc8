/**
 * What a request in JSON leaves unsaid: a query may be a text of EDN, and in transaction data texts become keywords where the schema wants them. As
 * Datahike's server does it, down to what it does not understand (`docs/differences.md`).
 */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { DatabaseError, kw, printEdn, sym } from '../../../engine/index.ts';
import type { Db } from '../../../engine/index.ts';
import { readArguments } from './formats.ts';

/** A body as the list of arguments: of a map its entries, and one argument at least. */
export function withEmbeddedEdn(body: EdnData): ReadonlyArray<EdnData> {
  const [first = null, ...rest] = body instanceof Map ? [...(body as EdnMap)] : listOf(body);
  return [typeof first === 'string' ? readArguments(first) : (first as EdnData), ...rest];
}

function listOf(body: EdnData): ReadonlyArray<EdnData> {
  return Array.isArray(body) ? (body as ReadonlyArray<EdnData>) : [body];
}

const ID = kw('db/id');

/** Attributes of attributes that hold keywords. */
const KEYWORD_VALUED: ReadonlySet<EdnData> = new Set(
  [
    'db/ident',
    'db/valueType',
    'db/cardinality',
    'db/unique',
    'db/ensure',
    'db/tupleType',
    'db.entity/attrs',
    'db.secondary/type',
    'db.secondary/status',
  ].map(kw),
);

/**
 * Transaction data of a JSON request as Datahike understands it.
 *
 * @throws BAD_TRANSACTION for what is neither a map nor a vector
 */
export function jsonTransaction(txData: EdnData, { schema }: Db): EdnData {
  if (!Array.isArray(txData) && !(txData instanceof Map)) return txData;
  const forms =
    txData instanceof Map ? [...(txData as EdnMap)] : (txData as ReadonlyArray<EdnData>);
  const typeOf = (attribute: EdnData): string | undefined => {
    const number = schema.numberFor(attribute);
    return number === undefined ? undefined : schema.attribute(number)?.valueType;
  };
  const valueOf = (attribute: EdnData, value: EdnData): EdnData => {
    if (KEYWORD_VALUED.has(attribute)) return each(value, keywordOf);
    switch (typeOf(attribute)) {
      case 'ref':
        return Array.isArray(value) ? references(value) : value;
      case 'keyword':
        return each(value, keywordOf);
      case 'symbol':
        return each(value, (item) => (typeof item === 'string' ? sym(item) : item));
      default:
        return value;
    }
  };
  /** A pair is a lookup ref, wherever it stands. */
  const pairOf = (datum: EdnData): EdnData => {
    if (!Array.isArray(datum) || datum.length !== 2) return datum;
    const [first, second] = datum as [EdnData, EdnData];
    const attribute = keywordOf(first);
    return [attribute, valueOf(attribute, second)];
  };
  const references = (datum: EdnData): EdnData => {
    const pair = pairOf(datum);
    return Array.isArray(pair) ? (pair as ReadonlyArray<EdnData>).map(references) : pair;
  };
  return forms.map((form) => {
    if (form instanceof Map)
      return new Map(
        Array.from(form as EdnMap, ([attribute, value]) => [
          attribute,
          // An id is taken for a pair as well, which no entity is found by.
          attribute === ID ? [ID, value] : valueOf(attribute, value),
        ]),
      );
    if (!Array.isArray(form)) throw badForm(form);
    const [op = null, e = null, a = null, v = null] = form as ReadonlyArray<EdnData>;
    const attribute = keywordOf(a);
    return [keywordOf(op), pairOf(e), attribute, valueOf(attribute, v)].filter(
      (item) => item !== null,
    );
  });
}

function keywordOf(datum: EdnData): EdnData {
  return typeof datum === 'string' ? kw(datum) : datum;
}

function each(value: EdnData, convert: (item: EdnData) => EdnData): EdnData {
  return Array.isArray(value) ? (value as ReadonlyArray<EdnData>).map(convert) : convert(value);
}

function badForm(form: EdnData): DatabaseError {
  return new DatabaseError(
    'BAD_TRANSACTION',
    `Bad entity type at ${printEdn(form)}, expected map or vector`,
    {
      kind: 'transact/syntax',
      data: { 'tx-data': form },
    },
  );
}
