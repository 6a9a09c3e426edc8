/** The addresses that extensions answer, and which of them a request is for. */
import type { ExtensionRoute } from './extension.ts';

type Step = { readonly text: string } | { readonly parameter: string };

/** The steps of a path, undefined where it is none. */
export function parsePath(path: string): ReadonlyArray<Step> | undefined {
  if (!/^((\/:\w+)|(\/[\w.~-]+))+$/.test(path)) return undefined;
  const steps = path.slice(1).split('/');
  return steps.map((step) =>
    step.startsWith(':') ? { parameter: step.slice(1) } : { text: step },
  );
}

/** The first step of a path, which no resource of the database may have; undefined for a parameter. */
export function firstStep(path: string): string | undefined {
  const [step] = parsePath(path) ?? [];
  return step !== undefined && 'text' in step ? step.text : undefined;
}

export interface FoundRoute {
  readonly route: ExtensionRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** The first that a request is for, by the steps of its address. HEAD asks what GET does. */
export function findRoute(
  routes: ReadonlyArray<ExtensionRoute>,
  method: string,
  given: ReadonlyArray<string>,
): FoundRoute | undefined {
  const asked = method === 'HEAD' ? 'GET' : method;
  for (const route of routes) {
    const params = route.method === asked ? paramsIn(route.path, given) : undefined;
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function paramsIn(
  path: string,
  given: ReadonlyArray<string>,
): Readonly<Record<string, string>> | undefined {
  const steps = parsePath(path) ?? [];
  if (given.length !== steps.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, step] of steps.entries()) {
    const text = given[i] ?? '';
    if ('parameter' in step) params[step.parameter] = text;
    else if (step.text !== text) return undefined;
  }
  return params;
}
