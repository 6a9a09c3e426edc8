/** What is noted of how a page was made: as one conjunction, in which the clauses of all batches are told together. */
import { countRows } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Context } from '../context.ts';
import type { Clause } from '../language/ast.ts';
import type { Relation } from '../relation/relation.ts';
import type { ClauseTrace } from '../trace.ts';
import { Trace } from '../trace.ts';
import { describeDrive } from './describe-drive.ts';
import type { PagePlan } from './plan-page.ts';

export class PageTrace {
  /** What batches are worked out in. */
  readonly context: Context;
  readonly #trace: Trace | undefined;
  readonly #within = new Trace();
  readonly #plan: PagePlan;
  readonly #startedMs = performance.now();

  constructor(context: Context, plan: PagePlan) {
    this.context = { ...context, trace: this.#within };
    this.#trace = context.trace;
    this.#plan = plan;
  }

  /** Everything is worked out after all, and tells for itself how. */
  giveUp(rowCount: number): void {
    this.#trace?.note(
      `after ${rowCount.toLocaleString('en')} rows of ${describeDrive(this.#plan.access)} had not made the page`,
    );
  }

  /** What entities say was read together. */
  noteColumns(clauses: ReadonlyArray<Clause>, found: Relation, durationMs: number): void {
    const within = new Trace();
    within.note('read in eavt with all that is asked of the entity');
    const rows = found.length;
    const bound = found.variables;
    const share = durationMs / clauses.length;
    this.#within.conjunctions.push(
      clauses.map((clause) => ({
        clause,
        expected: undefined,
        rows,
        bound,
        durationMs: share,
        within,
      })),
    );
  }

  *end(rowCount: number): Suspended<void> {
    const { access, expected, rest } = this.#plan;
    const { db, order, range, drive, limits } = access;
    const all = yield* countRows(db, order, range);
    const durationMs = performance.now() - this.#startedMs;
    const batches = rest.map((clause) => this.#ofAllBatches(clause));
    const restMs = batches.reduce((sum, one) => sum + one.durationMs, 0);
    const bound = drive.v === undefined ? [drive.e] : [drive.e, drive.v];
    const within = new Trace();
    within.note(
      `${describeDrive(access)}: ${rowCount.toLocaleString('en')} of ${all.toLocaleString('en')} rows`,
    );
    const common = { expected, rows: rowCount, bound };
    const own: ClauseTrace[] = [
      { ...common, clause: drive.pattern, durationMs: durationMs - restMs, within },
    ];
    for (const clause of [...drive.given, ...(limits?.predicates ?? [])]) {
      if (clause === drive.pattern) continue;
      const done = new Trace();
      done.note('worked out with the pattern before');
      own.push({ ...common, expected: undefined, clause, durationMs: 0, within: done });
    }
    this.#trace?.conjunctions.push([...own, ...batches]);
  }

  #ofAllBatches(clause: Clause): ClauseTrace {
    const times = this.#within.conjunctions.flatMap((conjunction) =>
      conjunction.filter((one) => one.clause === clause),
    );
    const within = new Trace();
    const notes = times.flatMap((one) => one.within.notes);
    for (const note of new Set(notes)) within.note(note);
    for (const one of times) {
      within.conjunctions.push(...one.within.conjunctions);
      within.rules.push(...one.within.rules);
    }
    const sum = (of: (one: ClauseTrace) => number): number =>
      times.reduce((total, one) => total + of(one), 0);
    const isKnown = times.length > 0 && times.every(({ expected }) => expected !== undefined);
    return {
      clause,
      expected: isKnown ? sum(({ expected }) => expected ?? 0) : undefined,
      rows: sum(({ rows }) => rows),
      bound: times[0]?.bound ?? [],
      durationMs: sum(({ durationMs }) => durationMs),
      within,
    };
  }
}
