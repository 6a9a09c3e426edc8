/** Where clauses, rules and bindings to AST. */
import { Sym } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import type {
  Argument,
  Binding,
  CallClause,
  Clause,
  OrClause,
  RuleBranch,
  Rules,
  Term,
  Variable,
} from './ast.ts';
import { GIVEN, variablesOf } from './ast.ts';
import { queryError, shown } from '../query-error.ts';
import { isRuleOfArrays, ruleOfArrays } from './query-object.ts';

const DEFAULT_SOURCE = '$';

type Forms = ReadonlyArray<EdnData>;

/** @throws BAD_QUERY (`parser/where`) */
export function parseClauses(forms: Forms, source = DEFAULT_SOURCE): Clause[] {
  return forms.map((form) => parseClause(form, source));
}

function parseClause(form: EdnData, source: string): Clause {
  if (form instanceof EdnList) return parseListClause(form, source);
  if (!Array.isArray(form))
    throw queryError(
      'parser/where',
      'Cannot parse clause, expected (data-pattern | pred-expr | fn-expr | rule-expr | not-clause | not-join-clause | or-clause | or-join-clause)',
      form,
    );
  const items = form as Forms;
  return items[0] instanceof EdnList
    ? parseCall(items[0], items, source)
    : parsePattern(items, source);
}

function parsePattern(items: Forms, source: string): Clause {
  const named =
    items[0] instanceof Sym && items[0].name.startsWith('$') ? items[0].name : undefined;
  const terms = (named === undefined ? items : items.slice(1)).map(parseTerm);
  if (terms.length === 0) throw queryError('parser/where', 'Pattern could not be empty', items);
  return { kind: 'pattern', source: named ?? source, terms, form: items };
}

function parseCall(call: EdnList, items: Forms, source: string): CallClause {
  const [name, ...args] = call.items;
  if (!(name instanceof Sym) || items.length > 2)
    throw queryError(
      'parser/where',
      'Cannot parse call, expected [(function arg*) binding?]',
      items,
    );
  return {
    kind: 'call',
    function: name.name,
    arguments: args.map((arg) => parseArgument(arg, source)),
    binding: items.length === 2 ? parseBinding(items[1] ?? null) : undefined,
    form: items,
  };
}

function parseArgument(form: EdnData, source: string): Argument {
  if (form instanceof Sym && form.name.startsWith('$'))
    return { kind: 'source', name: form.name === DEFAULT_SOURCE ? source : form.name };
  if (!(form instanceof EdnList)) return parseTerm(form);
  const [head, quoted] = form.items;
  if (head instanceof Sym && head.name === 'quote')
    return { kind: 'constant', value: quoted ?? null };
  throw queryError(
    'parser/where',
    'Nested expression forms are not supported as function/predicate arguments',
    form,
  );
}

export function parseTerm(form: EdnData): Term {
  if (!(form instanceof Sym)) return { kind: 'constant', value: form };
  if (form.name === '_') return { kind: 'blank' };
  return isVariable(form)
    ? { kind: 'variable', name: form.name }
    : { kind: 'constant', value: form };
}

/** A symbol that names a variable. */
type VariableSymbol = Sym & { readonly name: `?${string}` };

export function isVariable(form: EdnData): form is VariableSymbol {
  return form instanceof Sym && form.name.startsWith('?');
}

/** What lists may begin with that is no rule. */
export const CLAUSE_NAMES = ['not', 'not-join', 'or', 'or-join'];

function parseListClause(list: EdnList, outer: string): Clause {
  const [first] = list.items;
  const isNamed = first instanceof Sym && first.name.startsWith('$');
  const source = isNamed ? first.name : outer;
  const [head, ...rest] = isNamed ? list.items.slice(1) : list.items;
  if (!(head instanceof Sym))
    throw queryError(
      'parser/where',
      'Cannot parse clause, expected (not …), (or …), (not-join …), (or-join …) or a rule, (name argument+)',
      list,
    );
  switch (head.name) {
    case 'not':
      return parseNot(list, undefined, rest, source);
    case 'not-join':
      return parseNot(list, parseVariables(rest[0], list), rest.slice(1), source);
    case 'or':
      return parseOr(list, rest, source);
    case 'or-join':
      return parseOrJoin(list, rest, source);
    default:
      return parseRuleCall(list, head, rest, source);
  }
}

function parseRuleCall(list: EdnList, head: Sym, rest: Forms, source: string): Clause {
  if (rest.length === 0)
    throw queryError('parser/where', 'rule-expr requires at least one argument', list);
  return { kind: 'rule', source, name: head.name, arguments: rest.map(parseTerm), form: list };
}

function parseNot(
  form: EdnData,
  join: ReadonlyArray<Variable> | undefined,
  body: Forms,
  source: string,
): Clause {
  if (body.length === 0)
    throw queryError(
      'parser/where',
      join === undefined
        ? "Cannot parse 'not' clause, expected [ src-var? 'not' clause+ ]"
        : "Cannot parse 'not-join' clause, expected [ src-var? 'not-join' [variable+] clause+ ]",
      form,
    );
  const clauses = parseClauses(body, source);
  const mentioned = new Set(clauses.flatMap((clause) => [...variablesOf(clause)]));
  const missing = join?.find((name) => !mentioned.has(name));
  if (missing !== undefined)
    throw queryError(
      'parser/where',
      `Join variable not declared inside clauses: [${missing}]`,
      form,
    );
  if ((join ?? [...mentioned]).length === 0)
    throw queryError(
      'parser/where',
      'Join variables should not be empty',
      form,
      '',
      ', expected a variable within',
    );
  return { kind: 'not', join, clauses, form };
}

function parseOr(form: EdnData, body: Forms, source: string): OrClause {
  const branches = parseBranches(form, body, source);
  const [first, ...others] = branches.map(
    (branch) =>
      new Set(
        branch
          .flatMap((clause) => [...variablesOf(clause)])
          // Values of a template are bound outside.
          .filter((name) => !name.startsWith(GIVEN)),
      ),
  );
  for (const other of others) {
    const missing =
      [...(first ?? [])].find((v) => !other.has(v)) ??
      [...other].find((v) => first?.has(v) !== true);
    if (missing !== undefined)
      throw queryError(
        'parser/where',
        `Join variable not declared inside clauses: [${missing}]`,
        form,
      );
  }
  return { kind: 'or', join: undefined, required: [], branches, form };
}

function parseOrJoin(form: EdnData, [variables, ...body]: Forms, source: string): OrClause {
  const items = variables instanceof EdnList ? variables.items : variables;
  if (!Array.isArray(items))
    throw queryError(
      'parser/where',
      `Cannot parse 'or-join' clause, expected (or-join [variable+] clause+)`,
      form,
    );
  const [head] = items as Forms;
  const required = Array.isArray(head) ? parseVariables(head, form) : [];
  const free = parseVariables(Array.isArray(head) ? items.slice(1) : items, form);
  return {
    kind: 'or',
    join: [...required, ...free],
    required,
    branches: parseBranches(form, body, source),
    form,
  };
}

function parseBranches(form: EdnData, body: Forms, source: string): Clause[][] {
  if (body.length === 0)
    throw queryError(
      'parser/where',
      "Cannot parse 'or' clause, expected [ src-var? 'or' clause+ ]",
      form,
    );
  return body.map((branch) => {
    const isAnd =
      branch instanceof EdnList && branch.items[0] instanceof Sym && branch.items[0].name === 'and';
    return parseClauses(isAnd ? branch.items.slice(1) : [branch], source);
  });
}

function parseVariables(form: EdnData | undefined, clause: EdnData): Variable[] {
  if (!Array.isArray(form))
    throw queryError(
      'parser/where',
      `Expected a vector of variables such as [?e], got ${shown(form ?? null)}, in`,
      clause,
    );
  const names = (form as Forms).map((item) => {
    if (!isVariable(item))
      throw queryError(
        'parser/where',
        `Expected a variable such as ?e, got ${shown(item)}, in`,
        clause,
      );
    return item.name;
  });
  if (new Set(names).size < names.length)
    throw queryError('parser/rule-vars', 'Rule variables should be distinct', clause);
  return names;
}

/** @throws BAD_QUERY (`parser/binding`) */
export function parseBinding(form: EdnData): Binding {
  if (form instanceof Sym && form.name === '_') return { kind: 'ignore' };
  if (isVariable(form)) return { kind: 'scalar', name: form.name };
  if (!Array.isArray(form))
    throw queryError(
      'parser/binding',
      'Cannot parse binding, expected (bind-scalar | bind-tuple | bind-coll | bind-rel)',
      form,
    );
  const items = form as Forms;
  if (items.length === 0) throw queryError('parser/binding', 'Tuple binding cannot be empty', form);
  const [first, second] = items;
  if (items.length === 2 && second instanceof Sym && second.name === '...')
    return { kind: 'collection', item: parseBinding(first ?? null) };
  if (items.length === 1 && Array.isArray(first))
    return { kind: 'collection', item: parseBinding(first) };
  return { kind: 'tuple', items: items.map(parseBinding) };
}

/** @throws BAD_QUERY (`parser/rule`) */
export function parseRules(form: EdnData): Rules {
  const all = form instanceof EdnList ? form.items : form;
  if (!Array.isArray(all))
    throw queryError('parser/rule', 'Cannot parse rules, expected a vector of rules', form);
  const rules = new Map<string, RuleBranch[]>();
  for (const given of all as Forms) {
    const rule = isRuleOfArrays(given) ? ruleOfArrays(given) : given;
    const [head, ...body] = rule instanceof EdnList ? rule.items : Array.isArray(rule) ? rule : [];
    const [name, ...args] = head instanceof EdnList ? head.items : Array.isArray(head) ? head : [];
    if (!(name instanceof Sym))
      throw queryError(
        'parser/rule',
        'Cannot parse rule-head, expected [(name variable+) clause+]',
        rule,
      );
    if (body.length === 0)
      throw queryError('parser/rule', 'Rule branch should have clauses after its head', rule);
    const required = Array.isArray(args[0]) ? parseVariables(args[0], rule) : [];
    const free = parseVariables(Array.isArray(args[0]) ? args.slice(1) : args, rule);
    const branch = { head: [...required, ...free], required, clauses: parseClauses(body) };
    checkHead(branch, rule, rules.get(name.name)?.[0], name.name);
    rules.set(name.name, [...(rules.get(name.name) ?? []), branch]);
  }
  return rules;
}

function checkHead(
  { head, clauses }: RuleBranch,
  form: EdnData,
  sibling: RuleBranch | undefined,
  name: string,
): void {
  if (new Set(head).size !== head.length)
    throw queryError('parser/rule', 'Rule variables should be distinct', form);
  if (sibling !== undefined && sibling.head.length !== head.length)
    throw queryError(
      'parser/rule',
      `Arity mismatch for rule '${name}': expected ${sibling.head.length} variables as in the branch before, got ${head.length}, in`,
      form,
    );
  const mentioned = new Set(clauses.flatMap((clause) => [...variablesOf(clause)]));
  const unbound = head.find((variable) => !mentioned.has(variable));
  if (unbound !== undefined)
    throw queryError(
      'parser/rule',
      `Distinguished variable not bound in rule body: ${unbound}`,
      form,
    );
}
