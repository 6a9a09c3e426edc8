/**
 * A GraphQL operation that was validated, as what it does: a plan for each of its root fields. It is made once and answers every request that
 * sends the same text, each with its own variables, by writing JSON.
 */
import { executeSync, GraphQLNonNull, Kind, locatedError, OperationTypeNode } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLObjectType,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import { DatabaseError } from '../../schema/error.ts';
import type { Model } from '../../schema/model/model.ts';
import type { OperationContext, RequestContext } from '../http/context.ts';
import { isSettled, requirePresent } from '../http/context.ts';
import { jsonKey, quote } from '../read/json.ts';
import type { ForeignFailure } from '../read/scope.ts';
import { hasMarks } from '../read/marks.ts';
import type { Warning } from '../read/warnings.ts';
import type { FieldCode, Operation } from '../select/collect-fields.ts';
import { collectFields, nameOf } from '../select/collect-fields.ts';
import { conditionsIn, isIncluded } from './conditions.ts';
import { deprecationsIn } from './deprecations.ts';
import type { Variables } from '../select/selection.ts';
import type { ChangesPlan, RootPlan } from './root-plan.ts';
import { runsCode } from './made-fields.ts';
import { placeFailures } from './placed-failures.ts';
import type { ReadVariables } from './variables.ts';
import { variableReader } from './variables.ts';

/** What operations of one schema are compiled against. */
export interface CompileTarget<C extends OperationContext = RequestContext> {
  readonly schema: GraphQLSchema;
  readonly model: Model;
  readonly planRoot: PlanRoot<C>;
  /** Undefined where there is no code of users. */
  readonly code: FieldCode | undefined;
  /** How many entities one operation may read. */
  readonly maxCost: number;
  /** An error of a root field, as the caller sees it. */
  readonly formatError: (error: GraphQLError, requestId: string) => GraphQLFormattedError;
}

/** What a root field does. `nodes`: all places where the operation selects it under one response key, which the operation knows. */
export type PlanRoot<C extends OperationContext> = (
  operation: Operation,
  root: GraphQLObjectType,
  nodes: ReadonlyArray<FieldNode>,
) => RootPlan<C>;

/** A root field of an operation. */
interface PlannedField<C extends OperationContext> {
  readonly key: string;
  readonly prefix: string;
  readonly nodes: ReadonlyArray<FieldNode>;
  /** Whether a failure of it leaves the others their answers. */
  readonly isNullable: boolean;
  readonly plan: RootPlan<C>;
}

interface FailedField<C extends OperationContext> {
  readonly field: PlannedField<C>;
  readonly error: unknown;
}

type AnswerField<C extends OperationContext> = (field: PlannedField<C>) => string | Promise<string>;

/** So many sets of fields are kept for one operation, which differ by `@skip` and `@include`. */
const MAX_VARIANTS = 64;

export interface ChangesField {
  /** What stands before each change. */
  readonly prefix: string;
  readonly plan: ChangesPlan;
}

/** What an operation came to. */
export interface Outcome {
  /** The members of the answer's JSON object, but for what it says of itself. */
  readonly content: string;
  readonly hasErrors: boolean;
  /** What is said beside it; undefined where there is nothing to say. */
  readonly warnings?: ReadonlyArray<Warning> | undefined;
}

/** The body of an answer, JSON, with the transactions up to which databases were read: its own, and others by their names. */
export function answerBody(
  { content, warnings }: Pick<Outcome, 'content' | 'warnings'>,
  basisTx: number | undefined,
  bases?: Readonly<Record<string, string>>,
): string {
  const own = basisTx === undefined ? '' : `"basisT":"${basisTx}"`;
  const others = bases === undefined ? '' : `"bases":${JSON.stringify(bases)}`;
  const comma = own !== '' && others !== '' ? ',' : '';
  const extensions = `${own}${comma}${others}`;
  if (warnings === undefined) return `{${content},"extensions":{${extensions}}}\n`;
  const beside = `${extensions === '' ? '' : ','}"warnings":${JSON.stringify(warnings)}`;
  return `{${content},"extensions":{${extensions}${beside}}}\n`;
}

export class CompiledOperation<C extends OperationContext = RequestContext> {
  readonly type: OperationTypeNode;
  /** Whether code of users makes a part of its answer. */
  readonly runsCode: boolean;
  readonly #target: CompileTarget<C>;
  readonly #document: DocumentNode;
  readonly #definition: OperationDefinitionNode;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variables: ReadVariables;
  /** The variables that `@skip` and `@include` ask for. */
  readonly #conditions: ReadonlyArray<string>;
  /** What it asks for that should not be used any more. */
  readonly #deprecations: ReadonlyArray<Warning>;
  readonly #variants = new Map<string, ReadonlyArray<PlannedField<C>>>();

  constructor(
    target: CompileTarget<C>,
    document: DocumentNode,
    definition: OperationDefinitionNode,
  ) {
    this.type = definition.operation;
    this.#target = target;
    this.#document = document;
    this.#definition = definition;
    const fragments = document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
    this.#fragments = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
    this.#variables = variableReader(target.schema, definition);
    this.#conditions = conditionsIn(document);
    this.#deprecations = deprecationsIn(target.schema, definition, this.#fragments);
    this.runsCode = runsCode(target.schema, target.code, document);
  }

  /** The variables as their types read them; undefined where one of them is refused. */
  readVariables(given: Variables): Variables | undefined {
    return this.#variables(given);
  }

  /** @throws COST_LIMIT_EXCEEDED, RATE_LIMITED, BAD_USER_INPUT, and then nothing was done */
  run(context: C, variables: Variables): Outcome | Promise<Outcome> {
    const isMutation = this.type === OperationTypeNode.MUTATION;
    if (isMutation) requirePresent(context);
    context.charge('cost', this.checkCost(variables));
    const fields = this.#fieldsFor(variables);
    const failed: FailedField<C>[] = [];
    const answer: AnswerField<C> = (field) => answerOf(field, context, variables, failed);
    const answers = isMutation ? oneByOne(fields, answer) : sideBySide(fields, answer);
    const tell = (texts: ReadonlyArray<string>): Outcome =>
      this.#tell(context, fields, texts, failed);
    return answers instanceof Promise ? answers.then(tell) : tell(answers);
  }

  #tell(
    context: C,
    fields: ReadonlyArray<PlannedField<C>>,
    texts: ReadonlyArray<string>,
    failed: ReadonlyArray<FailedField<C>>,
  ): Outcome {
    const told = failed.map(({ field, error }) =>
      this.#target.formatError(locatedError(error, field.nodes, [field.key]), context.requestId),
    );
    const errors = [...told, ...this.#foreignErrors(context, fields)];
    if (failed.some(({ field }) => !field.isNullable)) return this.outcome(context, 'null', errors);
    let members = '';
    for (const [i, { prefix }] of fields.entries())
      members += `${i === 0 ? '' : ','}${prefix}${texts[i] ?? 'null'}`;
    return this.outcome(context, `{${members}}`, errors);
  }

  /** Of other databases that could not be read: in the order of the fields, whichever failed first. */
  #foreignErrors(
    { foreign, requestId }: C,
    fields: ReadonlyArray<PlannedField<C>>,
  ): ReadonlyArray<GraphQLFormattedError> {
    const failures = foreign.takeFailures();
    const placeOf = ({ at }: ForeignFailure): number =>
      fields.findIndex(({ key }) => key === at.path[0]);
    return failures
      .toSorted((a, b) => placeOf(a) - placeOf(b))
      .map(({ at, error, database }) => {
        const told = this.#target.formatError(locatedError(error, at.nodes, at.path), requestId);
        return { ...told, extensions: { ...told.extensions, database } };
      });
  }

  /** What is told of data that was written, with what failed in its places: code of users, and numbers that JSON does not have. */
  outcome(
    { code, requestId, warnings }: Pick<OperationContext, 'code' | 'requestId' | 'warnings'>,
    written: string,
    others: ReadonlyArray<GraphQLFormattedError> = [],
  ): Outcome {
    code?.end();
    const failures = code?.failures ?? [];
    const beside = this.#warnings(warnings.all);
    if (written === 'null' || !hasMarks(written)) return outcomeOf(written, others, beside);
    const { text, errors } = placeFailures({
      schema: this.#target.schema,
      fragments: this.#fragments,
      selectionSet: this.#definition.selectionSet,
      root: this.#target.schema.getRootType(this.type)?.name ?? '',
      text: written,
      failures,
    });
    const told = errors.map((error) => this.#target.formatError(error, requestId));
    return outcomeOf(text, [...others, ...told], beside);
  }

  #warnings(ofAnswer: ReadonlyArray<Warning> | undefined): Outcome['warnings'] {
    return this.#deprecations.length === 0
      ? ofAnswer
      : [...this.#deprecations, ...(ofAnswer ?? [])];
  }

  /** What is told of each transaction, where the operation asks for that. */
  changes(variables: Variables): ChangesField | undefined {
    const [field] = this.#fieldsFor(variables);
    const plan = field?.plan.changes;
    return field === undefined || plan === undefined ? undefined : { prefix: field.prefix, plan };
  }

  /** Whether the answer is of the past alone, and so the same for ever. */
  isSettled(context: C, variables: Variables): boolean {
    const fields = this.#fieldsFor(variables);
    return fields.every(({ plan }) =>
      plan.pointsInTime?.(variables).every((asOf) => isSettled(context, asOf)),
    );
  }

  /** Of a set of databases those that it asks. @throws BAD_USER_INPUT where the set has none of a name */
  databases(variables: Variables): ReadonlyArray<string> {
    const asked = this.#fieldsFor(variables).map(({ plan }) => plan.databases?.(variables) ?? []);
    return Array.from(new Set(asked.flat()));
  }

  /** How many entities may be read for it. @throws COST_LIMIT_EXCEEDED */
  checkCost(variables: Variables): number {
    const { maxCost } = this.#target;
    let cost = 0;
    for (const { plan } of this.#fieldsFor(variables)) cost += plan.cost(variables);
    if (cost <= maxCost) return cost;
    throw new DatabaseError(
      'COST_LIMIT_EXCEEDED',
      `The operation may read ${cost} entities, more than ${maxCost}; ask for smaller pages, or for less in each of their entities`,
      { data: { cost, maxCost } },
    );
  }

  #fieldsFor(variables: Variables): ReadonlyArray<PlannedField<C>> {
    const key = this.#conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
    let fields = this.#variants.get(key);
    if (fields === undefined) {
      if (this.#variants.size >= MAX_VARIANTS) this.#variants.clear();
      fields = this.#plan(variables);
      this.#variants.set(key, fields);
    }
    return fields;
  }

  #plan(variables: Variables): ReadonlyArray<PlannedField<C>> {
    const { schema, model } = this.#target;
    const root = schema.getRootType(this.type);
    if (root === null || root === undefined) throw new Error('Expected a root type');
    const operation: Operation = {
      model,
      schema,
      rootKey: '',
      fragments: this.#fragments,
      code: this.#target.code,
      isIncluded: (node) => isIncluded(node, variables),
    };
    const fields = collectFields(operation, [this.#definition], root.name);
    return Array.from(fields, ([key, nodes]) =>
      this.#planField({ ...operation, rootKey: key }, root, key, nodes),
    );
  }

  #planField(
    operation: Operation,
    root: GraphQLObjectType,
    key: string,
    nodes: ReadonlyArray<FieldNode>,
  ): PlannedField<C> {
    const name = nameOf(nodes);
    const planned = { key, prefix: jsonKey(key), nodes, isNullable: true };
    if (name === '__typename')
      return {
        ...planned,
        plan: { answer: () => quote(root.name), cost: NOTHING, pointsInTime: () => [] },
      };
    if (name.startsWith('__'))
      return { ...planned, plan: { answer: this.#introspection(nodes, key), cost: NOTHING } };
    const plan = this.#target.planRoot(operation, root, nodes);
    const isNonNull = root.getFields()[name]?.type instanceof GraphQLNonNull;
    return { ...planned, isNullable: plan.failsAlone === true || !isNonNull, plan };
  }

  /** What the schema says of itself, GraphQL answers: an operation of nothing else. */
  #introspection(nodes: ReadonlyArray<FieldNode>, key: string): RootPlan<C>['answer'] {
    const definition = {
      ...this.#definition,
      selectionSet: { kind: Kind.SELECTION_SET as const, selections: nodes },
    };
    const definitions = this.#document.definitions.filter(
      ({ kind }) => kind === Kind.FRAGMENT_DEFINITION,
    );
    const document: DocumentNode = {
      kind: Kind.DOCUMENT,
      definitions: [definition, ...definitions],
    };
    return (_context, variableValues) => {
      const { data, errors } = executeSync({
        schema: this.#target.schema,
        document,
        variableValues: { ...variableValues },
      });
      if (errors?.[0] !== undefined) throw errors[0];
      return JSON.stringify(data?.[key] ?? null);
    };
  }
}

function outcomeOf(
  data: string,
  errors: ReadonlyArray<GraphQLFormattedError>,
  warnings: Outcome['warnings'],
): Outcome {
  const told = errors.length === 0 ? '' : `"errors":${JSON.stringify(errors)},`;
  return { content: `${told}"data":${data}`, hasErrors: errors.length > 0, warnings };
}

const NOTHING = (): number => 0;

/** At once where it is at hand; a failure is null, and taken note of. */
function answerOf<C extends OperationContext>(
  field: PlannedField<C>,
  context: C,
  variables: Variables,
  failed: FailedField<C>[],
): string | Promise<string> {
  const fail = (error: unknown): string => {
    failed.push({ field, error });
    return 'null';
  };
  try {
    const answer = field.plan.answer(context, variables);
    return answer instanceof Promise ? answer.catch(fail) : answer;
  } catch (error) {
    return fail(error);
  }
}

/** Each field of a mutation finds what the one before it has done. */
async function oneByOne<C extends OperationContext>(
  fields: ReadonlyArray<PlannedField<C>>,
  answer: AnswerField<C>,
): Promise<ReadonlyArray<string>> {
  const texts: string[] = [];
  for (const field of fields) texts.push(await answer(field));
  return texts;
}

function sideBySide<C extends OperationContext>(
  fields: ReadonlyArray<PlannedField<C>>,
  answer: AnswerField<C>,
): ReadonlyArray<string> | Promise<ReadonlyArray<string>> {
  const answers = fields.map(answer);
  return areAtHand(answers) ? answers : gather(answers);
}

function areAtHand(
  answers: ReadonlyArray<string | Promise<string>>,
): answers is ReadonlyArray<string> {
  return answers.every((each) => typeof each === 'string');
}

/** All of them are under way, and none is rejected. */
async function gather(
  answers: ReadonlyArray<string | Promise<string>>,
): Promise<ReadonlyArray<string>> {
  const texts: string[] = [];
  for (const each of answers) texts.push(typeof each === 'string' ? each : await each);
  return texts;
}
