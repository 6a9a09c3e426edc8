/** What is told of a list as a whole: which folds are asked for, and how they are written. */
import { foldShape } from '../../schema/model/folds.ts';
import type { EdnData } from '../../schema/value.ts';
import type { AggregatePart, FoldedField } from '../select/selection.ts';
import { jsonKey, jsonWriter, quote } from './json.ts';
import type { FoldsOfField } from './list.ts';

export interface AggregatePlan {
  readonly parts: ReadonlyArray<AggregatePartPlan>;
  readonly folds: ReadonlyArray<FoldsOfField>;
  readonly wantsCount: boolean;
}

type AggregatePartPlan =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | { readonly kind: 'count'; readonly prefix: string }
  | { readonly kind: 'fold'; readonly prefix: string; readonly fields: ReadonlyArray<FoldPlan> };

/** `field` and `fold` are places in the plan's `folds`. */
type FoldPlan =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | {
      readonly kind: 'value';
      readonly prefix: string;
      readonly field: number;
      readonly fold: number;
      readonly write: (value: EdnData | undefined) => string;
    };

export function planAggregate(parts: ReadonlyArray<AggregatePart>): AggregatePlan {
  const draft = new FoldsDraft();
  const planned = parts.map((part): AggregatePartPlan => {
    const prefix = jsonKey(part.key);
    switch (part.kind) {
      case 'typename':
        return { kind: 'constant', prefix, text: quote(part.name) };
      case 'count':
        return { kind: 'count', prefix };
      case 'fold':
        return { kind: 'fold', prefix, fields: part.fields.map((each) => draft.plan(part, each)) };
    }
  });
  return {
    parts: planned,
    folds: draft.folds,
    wantsCount: parts.some(({ kind }) => kind === 'count'),
  };
}

type FoldPart = Extract<AggregatePart, { kind: 'fold' }>;

/** The folds that are asked for, each once. */
class FoldsDraft {
  readonly folds: Array<FoldsOfField & { readonly folds: FoldPart['fold'][] }> = [];

  plan({ fold }: FoldPart, selected: FoldedField): FoldPlan {
    const prefix = jsonKey(selected.key);
    if (selected.kind === 'typename')
      return { kind: 'constant', prefix, text: quote(selected.name) };
    const { field } = selected;
    const nothing = fold === 'countDistinct' ? '0' : 'null';
    const shape = foldShape(field, fold);
    if (shape === undefined) return { kind: 'constant', prefix, text: 'null' };
    const write = jsonWriter(shape);
    const [fieldPlace, foldPlace] = this.#place(field, fold);
    return {
      kind: 'value',
      prefix,
      field: fieldPlace,
      fold: foldPlace,
      write: (value) => (value === undefined ? nothing : write(value, String)),
    };
  }

  #place(field: FoldsOfField['field'], fold: FoldPart['fold']): readonly [number, number] {
    let place = this.folds.findIndex((each) => each.field === field);
    if (place < 0) place = this.folds.push({ field, folds: [] }) - 1;
    const folds = this.folds[place]?.folds ?? [];
    const known = folds.indexOf(fold);
    return [place, known >= 0 ? known : folds.push(fold) - 1];
  }
}

/** `values`: beside each field of the plan those of its folds. */
export function writeAggregate(
  { parts }: AggregatePlan,
  count: number,
  values: ReadonlyArray<ReadonlyArray<EdnData>>,
): string {
  const texts = parts.map((part) => {
    switch (part.kind) {
      case 'constant':
        return part.prefix + part.text;
      case 'count':
        return part.prefix + String(count);
      case 'fold': {
        const fields = part.fields.map((each) =>
          each.kind === 'constant'
            ? each.prefix + each.text
            : each.prefix + each.write(values[each.field]?.[each.fold]),
        );
        return `${part.prefix}{${fields.join(',')}}`;
      }
    }
  });
  return `{${texts.join(',')}}`;
}
