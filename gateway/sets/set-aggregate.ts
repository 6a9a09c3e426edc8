/** What the entities of several databases come to: of each of them, and of all together where the parts say what the whole is. */
import type { FoldName } from '../../schema/model/folds.ts';
import { setNames } from '../../schema/model/naming.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { compareValues, plus } from '../../services/reader/reader.ts';
import type { AggregatePlan } from '../read/aggregate-plan.ts';
import { planAggregate, writeAggregate } from '../read/aggregate-plan.ts';
import { COUNT_COST } from '../read/entity-plan.ts';
import { jsonKey, quote } from '../read/json.ts';
import { List, NO_PARENTS } from '../read/list.ts';
import { aggregateParts } from '../select/aggregate-from-graphql.ts';
import type { Operation } from '../select/collect-fields.ts';
import { fieldsBelow, nameOf } from '../select/collect-fields.ts';
import { eachDatabase, scopesOf } from './set-scopes.ts';
import type { AskedType, SetPlan } from './set-view.ts';
import { chosen, chosenCount, placeOf, planEach } from './set-view.ts';

/** What is asked of one database for each field of the answer. */
type SetPart =
  | TextPart
  /** Of all databases together. */
  | { readonly kind: 'all'; readonly prefix: string; readonly plan: AggregatePlan }
  | {
      readonly kind: 'databases';
      readonly prefix: string;
      readonly parts: ReadonlyArray<TextPart | AggregatePart>;
    };

interface TextPart {
  readonly kind: 'text';
  readonly prefix: string;
  readonly text: string;
}

interface AggregatePart {
  readonly kind: 'aggregate';
  readonly prefix: string;
  readonly plan: AggregatePlan;
}

/** What the fields of a plan come to in one database. */
interface Folded {
  readonly count: number;
  readonly values: ReadonlyArray<ReadonlyArray<EdnData>>;
}

/** What one database says for a part: text of its own, or what others say more to. */
type Said = string | Folded;

export function planSetAggregate(asked: AskedType): SetPlan {
  const { set, operation, type, args } = asked;
  const partsOf = planEach(asked, (each, database) => planParts(asked, each, database));
  const anywhere = planParts(asked, operation, '');
  const at = placeOf(asked);
  return {
    answer: async (context, variables) => {
      const given = args(variables);
      const databases = chosen(set, given);
      const open = scopesOf(context, given.asOf);
      const answers = await eachDatabase(context, at, databases, async (database) => {
        const scope = await open(database, type.name);
        const own = scope.model.types.get(type.name) ?? type;
        const list = await List.open(scope, { kind: 'type', type: own }, given);
        return Promise.all(partsOf(database).map((part) => said(list, part)));
      });
      const isWhole = answers.length === databases.length;
      const texts = anywhere.map((part, i) => {
        const all = answers.flatMap(({ value }) => value[i] ?? []);
        return part.prefix + writePart(part, all, isWhole);
      });
      return `{${texts.join(',')}}`;
    },
    databases: (variables) => chosen(set, args(variables)),
    cost: (variables) => {
      const questions = anywhere.reduce((sum, part) => sum + questionsOf(part), 0);
      return chosenCount(set, args(variables)) * questions * COUNT_COST;
    },
  };
}

function planParts(
  { type, nodes }: AskedType,
  operation: Operation,
  database: string,
): ReadonlyArray<SetPart> {
  const own = operation.model.types.get(type.name) ?? type;
  const { aggregatesType, allType, databaseType } = setNames(type.name);
  return Array.from(fieldsBelow(operation, nodes, aggregatesType), ([key, below]): SetPart => {
    const prefix = jsonKey(key);
    switch (nameOf(below)) {
      case 'all': {
        const parts = aggregateParts(operation, own, below, allType);
        return { kind: 'all', prefix, plan: planAggregate(parts) };
      }
      case 'databases': {
        const fields = fieldsBelow(operation, below, databaseType);
        const parts = Array.from(fields, ([name, inner]): TextPart | AggregatePart => {
          const at = jsonKey(name);
          if (nameOf(inner) === 'aggregate') {
            const plan = planAggregate(aggregateParts(operation, own, inner));
            return { kind: 'aggregate', prefix: at, plan };
          }
          const text = nameOf(inner) === 'database' ? database : databaseType;
          return { kind: 'text', prefix: at, text: quote(text) };
        });
        return { kind: 'databases', prefix, parts };
      }
      default:
        return { kind: 'text', prefix, text: quote(aggregatesType) };
    }
  });
}

async function said(list: List, part: SetPart): Promise<Said> {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'all':
      return folded(list, part.plan);
    case 'databases': {
      const texts = part.parts.map(async (each) => {
        if (each.kind === 'text') return each.prefix + each.text;
        const { count, values } = await folded(list, each.plan);
        return each.prefix + writeAggregate(each.plan, count, values);
      });
      return `{${(await Promise.all(texts)).join(',')}}`;
    }
  }
}

async function folded(list: List, { folds, wantsCount }: AggregatePlan): Promise<Folded> {
  const count = wantsCount ? (await list.totalCounts(NO_PARENTS))(undefined) : 0;
  const values = folds.length === 0 ? [] : (await list.folds(folds, NO_PARENTS))(undefined);
  return { count, values };
}

function writePart(part: SetPart, all: ReadonlyArray<Said>, isWhole: boolean): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'databases':
      return `[${all.join(',')}]`;
    case 'all': {
      // A part of the whole would look like the whole.
      if (!isWhole) return 'null';
      const { count, values } = together(
        part.plan,
        all.filter((each) => typeof each !== 'string'),
      );
      return writeAggregate(part.plan, count, values);
    }
  }
}

function together({ folds }: AggregatePlan, all: ReadonlyArray<Folded>): Folded {
  return {
    count: all.reduce((sum, { count }) => sum + count, 0),
    values: folds.map(({ folds: names }, field) =>
      names.flatMap((name, i) => {
        const values = all.flatMap(({ values: each }) => each[field]?.[i] ?? []);
        return values.length === 0 ? [] : [values.reduce(combine(name))];
      }),
    ),
  };
}

/** Of a sum, a least or a greatest of two parts that of both. */
function combine(fold: FoldName): (one: EdnData, other: EdnData) => EdnData {
  if (fold === 'sum') return (one, other) => plus(one, other) ?? null;
  const sign = fold === 'min' ? 1 : -1;
  return (one, other) => (sign * compareValues(one as Value, other as Value) <= 0 ? one : other);
}

function questionsOf(part: SetPart): number {
  const plans =
    part.kind === 'all'
      ? [part.plan]
      : part.kind === 'databases'
        ? part.parts.flatMap((each) => (each.kind === 'aggregate' ? [each.plan] : []))
        : [];
  return plans.reduce((sum, { folds, wantsCount }) => sum + folds.length + (wantsCount ? 1 : 0), 0);
}
