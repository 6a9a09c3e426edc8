/**
 * The one type under which an entity is shown where its place does not say: that of its earliest-installed identity attribute, else
 * of its earliest-installed attribute.
 */
import type { Attribute } from '../attribute.ts';
import type { Keyword } from '../keyword.ts';
import type { EntityType, Model } from './model.ts';

/** Undefined where none of the attributes belongs to a type. */
export function primaryType(model: Model, idents: Iterable<Keyword>): EntityType | undefined {
  let best: Attribute | undefined;
  for (const ident of idents) {
    const type = model.typesByAttribute.get(ident);
    const attribute = type?.attributes.find((each) => each.ident === ident);
    if (attribute !== undefined && (best === undefined || precedes(attribute, best)))
      best = attribute;
  }
  return best === undefined ? undefined : model.typesByAttribute.get(best.ident);
}

function precedes(a: Attribute, b: Attribute): boolean {
  const identities = Number(b.unique === 'identity') - Number(a.unique === 'identity');
  return (identities || a.installedTx - b.installedTx || a.id - b.id) < 0;
}
