/** How a page is made, in words. */
import { shown } from '../query-error.ts';
import { describeConstants } from '../patterns/describe.ts';
import type { DriveAccess } from './access.ts';

/** So much of a value is shown. */
const MAX_SHOWN = 60;

export function describeDrive({ drive, order, way, members }: DriveAccess): string {
  const { attribute, isReverse, isZigzag, isComposite } = drive;
  const direction = isReverse ? ' backward' : '';
  const each = isZigzag ? ', each value the other way' : '';
  const what = isComposite
    ? `a is ${attribute.ident.toString()} and v begins with ${members.map((v) => shown(v, MAX_SHOWN)).join(' ')}`
    : describeConstants(way);
  return `scan of ${order}${direction} where ${what}${each}`;
}
