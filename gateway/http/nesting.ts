/**
 * How deep a request may nest. Parsing, validation and coercion call themselves for each level, so depth is measured before them,
 * without calling anything in turn.
 */
import { DatabaseError } from '../../schema/error.ts';

const MAX_NESTING = 200;

/** Of a document that is about to be parsed. @throws BAD_USER_INPUT */
export function checkDocumentNesting(document: unknown): void {
  if (typeof document === 'string' && isDocumentTooDeep(document)) throw tooDeep();
}

/** Of variables, or of a body of REST. @throws BAD_USER_INPUT */
export function checkValueNesting(value: unknown): void {
  if (isValueTooDeep(value)) throw tooDeep();
}

function tooDeep(): DatabaseError {
  return new DatabaseError(
    'BAD_USER_INPUT',
    `What is sent may not nest deeper than ${MAX_NESTING} levels; ask for less at once`,
  );
}

const OPENING = '{[(';
const CLOSING = '}])';

function isDocumentTooDeep(document: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < document.length; i += 1) {
    const char = document.charAt(i);
    if (char === '\\') i += 1;
    else if (char === '"') isInString = !isInString;
    else if (!isInString && OPENING.includes(char)) depth += 1;
    else if (!isInString && CLOSING.includes(char)) depth -= 1;
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

function isValueTooDeep(value: unknown): boolean {
  let level = isParent(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_NESTING) return true;
    const below: object[] = [];
    for (const each of level) {
      for (const name in each) {
        const inner: unknown = (each as Readonly<Record<string, unknown>>)[name];
        if (isParent(inner)) below.push(inner);
      }
    }
    level = below;
  }
  return false;
}

function isParent(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
