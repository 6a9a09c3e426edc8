/** Pieces of JSON text. Answers are written as text where they are read, so that no tree of objects is made of them first. */
import { Keyword } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { ScalarName } from '../../schema/model/scalars.ts';
import type { Shape, TupleShape } from '../../schema/model/shapes.ts';
import { placesOf } from '../../schema/model/shapes.ts';
import { valueToJson } from '../../schema/model/scalars.ts';
import { markOf } from './marks.ts';

/** What JSON writes with a backslash: quotes, backslashes, control characters, and halves of pairs. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A text as JSON. Most texts have nothing to escape, and looking is cheaper than writing. */
export function quote(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** `"key":` */
export function jsonKey(key: string): string {
  return `${quote(key)}:`;
}

export type WriteValue = (value: EdnData, idOf: (entity: number) => string) => string;

/** What writes values of a shape; null where a value has no place in it. `idOf` names the entities that places of tuples refer to. */
export function jsonWriter(shape: Shape): WriteValue {
  switch (shape.kind) {
    case 'scalar':
      return scalarWriter(shape.scalar);
    case 'enum':
      return (value) => {
        const name = value instanceof Keyword ? shape.names.get(value) : undefined;
        return name === undefined ? 'null' : quote(name);
      };
    case 'tuple':
      return tupleWriter(shape);
    case 'vector': {
      const write = scalarWriter(shape.scalar);
      return (value) => `[${placesOf(value).map(write).join(',')}]`;
    }
  }
}

function tupleWriter({ items }: TupleShape): WriteValue {
  const writers = items.map(({ name, shape }) => {
    const write: WriteValue =
      shape.kind === 'reference'
        ? (place, idOf) => quote(idOf(Number(place)))
        : scalarWriter(shape.scalar);
    return { key: jsonKey(name), write };
  });
  return (value, idOf) => {
    const places = placesOf(value);
    const members = writers.map(({ key, write }, i) => {
      const place = places[i] ?? null;
      return key + (place === null ? 'null' : write(place, idOf));
    });
    return `{${members.join(',')}}`;
  };
}

function scalarWriter(scalar: ScalarName): (value: EdnData) => string {
  switch (scalar) {
    case 'String':
      return (value) => (typeof value === 'string' ? quote(value) : 'null');
    case 'Boolean':
      return String;
    case 'Float':
      return numberText;
    case 'Int':
      return String;
    // Their texts are digits, letters and signs that JSON writes as they are.
    case 'Long':
    case 'BigInt':
    case 'BigDecimal':
    case 'UUID':
      return (value) => (value === null ? 'null' : `"${String(value)}"`);
    case 'FloatArray':
      return (value) =>
        ArrayBuffer.isView(value)
          ? `[${Array.from(value as Float64Array, numberText).join(',')}]`
          : 'null';
    case 'JSON':
      return (value) =>
        typeof value === 'number' ? numberText(value) : JSON.stringify(valueToJson(scalar, value));
    case 'Bytes':
    case 'DateTime':
    case 'Keyword':
    case 'Symbol':
      return (value) => JSON.stringify(valueToJson(scalar, value));
  }
}

/** A floating point number, or an exact one in its place. JSON has neither infinities nor NaN: a mark says which it is. */
function numberText(value: EdnData): string {
  if (value === null) return 'null';
  const number = typeof value === 'number' ? value : Number(String(value));
  return Number.isFinite(number) ? String(number) : markOf(String(number));
}
