/**
 * The one type under which an entity is shown where its place does not say: what it says itself in the attribute that is configured for that; else
 * that of its earliest-installed identity attribute, else of its earliest-installed attribute.
 */
import type { Attribute } from '../attribute.ts';
import { Keyword } from '../keyword.ts';
import type { EdnData } from '../value.ts';
import type { EntityType, Model } from './model.ts';

/** `said`: what the entity has for {@link Model.discriminator}. Undefined where none of the attributes belongs to a type. */
export function primaryType(
  model: Model,
  idents: Iterable<Keyword>,
  said?: EdnData,
): EntityType | undefined {
  const namespace = said instanceof Keyword ? said.qualifiedName : said;
  let best: Attribute | undefined;
  for (const ident of idents) {
    const type = model.typesByAttribute.get(ident);
    if (typeof namespace === 'string' && type?.namespaces.includes(namespace) === true) return type;
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
