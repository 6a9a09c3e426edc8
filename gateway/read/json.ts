/** Pieces of JSON text. Answers are written as text where they are read, so that no tree of objects is made of them first. */
import type { EdnData } from '../../schema/value.ts';
import type { ScalarName } from '../../schema/model/scalars.ts';
import type { Shape } from '../../schema/model/shapes.ts';
import { shapeToJson } from '../../schema/model/shapes.ts';
import { valueToJson } from '../../schema/model/scalars.ts';

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

/** What writes values of a shape. `idOf` names the entities that places of tuples refer to. */
export function jsonWriter(
  shape: Shape,
): (value: EdnData, idOf: (entity: number) => string) => string {
  if (shape.kind === 'scalar') return scalarWriter(shape.scalar);
  return (value, idOf) => JSON.stringify(shapeToJson(shape, value, idOf) ?? null);
}

function scalarWriter(scalar: ScalarName): (value: EdnData) => string {
  switch (scalar) {
    case 'String':
      return (value) => (typeof value === 'string' ? quote(value) : 'null');
    case 'Boolean':
      return String;
    case 'Float':
      return (value) => JSON.stringify(value);
    case 'Int':
      return String;
    // Their texts are digits, letters and signs that JSON writes as they are.
    case 'Long':
    case 'BigInt':
    case 'BigDecimal':
    case 'UUID':
      return (value) => (value === null ? 'null' : `"${String(value)}"`);
    case 'Bytes':
    case 'DateTime':
    case 'FloatArray':
    case 'JSON':
    case 'Keyword':
    case 'Symbol':
      return (value) => JSON.stringify(valueToJson(scalar, value));
  }
}
