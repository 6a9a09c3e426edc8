import { expect, it } from 'vitest';
import { OPERATION_TYPES, preferredType } from '../../../../gateway/http/accept.ts';

const JSON_TYPE = 'application/json';
const GRAPHQL = 'application/graphql-response+json';

it.each([
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  [`${GRAPHQL}, ${JSON_TYPE};q=0.9`, GRAPHQL],
  [`${JSON_TYPE}, ${GRAPHQL}`, JSON_TYPE],
  [`${JSON_TYPE};q=0.5, ${GRAPHQL};q=0.6`, GRAPHQL],
  [`*/*, ${GRAPHQL}`, GRAPHQL],
  [`${JSON_TYPE};q=0, */*;q=0.1`, GRAPHQL],
  [`${GRAPHQL}; charset=utf-8`, GRAPHQL],
  ['Application/JSON', JSON_TYPE],
  [
    `${GRAPHQL}, application/graphql+json, ${JSON_TYPE}, text/event-stream, multipart/mixed`,
    GRAPHQL,
  ],
  ['text/html', undefined],
  [`${JSON_TYPE};q=0`, undefined],
  [`${JSON_TYPE};q=x`, undefined],
  [';;;,,,', undefined],
])('Accept: %s is %s', (accept, expected) => {
  expect(preferredType(accept, OPERATION_TYPES)).toBe(expected);
});
