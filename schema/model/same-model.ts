/** Whether two models show the same: then whoever is served by one need not be served by the other. */
import type { EntityType, Field, Model } from './model.ts';
import { shapeName } from './shapes.ts';

export function isSameModel(a: Model, b: Model): boolean {
  return textOf(a) === textOf(b);
}

/** One text for each model, made when it is first compared. */
const texts = new WeakMap<Model, string>();

function textOf(model: Model): string {
  let text = texts.get(model);
  if (text === undefined) {
    text = JSON.stringify([
      Array.from(model.types.values(), typeData),
      Array.from(model.mixins.values(), ({ name, types }) => [name, types]),
      model.discriminator?.toString(),
    ]);
    texts.set(model, text);
  }
  return text;
}

function typeData({ name, doc, attributes, fields, foreign }: EntityType): unknown {
  return [
    name,
    doc,
    attributes.map(({ id, installedTx }) => [id, installedTx]),
    Array.from(fields.values(), fieldData),
    Array.from(foreign.values(), (each) => [
      each.name,
      each.key.name,
      each.database,
      each.attribute.toString(),
    ]),
  ];
}

function fieldData(field: Field): unknown {
  const { name, kind, many, deprecated, attribute } = field;
  const { ident, doc, unique, indexed, component, annotations } = attribute;
  const held =
    field.kind !== 'scalar'
      ? field.target
      : field.shape.kind === 'enum'
        ? [shapeName(field.shape), Array.from(field.shape.values.keys())]
        : shapeName(field.shape);
  const facts = [ident.toString(), doc, unique, indexed, component, annotations?.required];
  return [name, kind, many, deprecated, held, facts];
}
