/** What the generated documents say about a field: the attribute's own words, then where it comes from. */
import type { Field } from '../../../schema/model/model.ts';

export function describeField(field: Field): string {
  const { attribute } = field;
  const source =
    field.kind === 'reverse' ? `Refers here by \`${attribute.ident}\`.` : `\`${attribute.ident}\``;
  const facts = [
    field.kind === 'ref' && attribute.component ? 'component' : undefined,
    attribute.unique === undefined || field.kind === 'reverse' ? undefined : 'unique',
  ].filter((fact) => fact !== undefined);
  const origin = [source, ...facts].join(', ');
  return attribute.doc === undefined || field.kind === 'reverse'
    ? origin
    : `${attribute.doc}\n\n${origin}`;
}
