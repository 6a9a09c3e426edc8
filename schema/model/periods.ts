/** Periods of time that instants are in: all in UTC, weeks begin on Monday. */

export const PERIODS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute'] as const;

export type Period = (typeof PERIODS)[number];

/** When the period that an instant is in began. */
export function periodStart(period: Period, instant: Date): Date {
  const start = new Date(instant);
  switch (period) {
    case 'year':
      start.setUTCMonth(0, 1);
      break;
    case 'quarter':
      start.setUTCMonth(start.getUTCMonth() - (start.getUTCMonth() % 3), 1);
      break;
    case 'month':
      start.setUTCDate(1);
      break;
    case 'week':
      start.setUTCDate(start.getUTCDate() - ((start.getUTCDay() + 6) % 7));
      break;
    case 'minute':
      start.setUTCSeconds(0, 0);
      return start;
    case 'hour':
      start.setUTCMinutes(0, 0, 0);
      return start;
    case 'day':
      break;
  }
  start.setUTCHours(0, 0, 0, 0);
  return start;
}
