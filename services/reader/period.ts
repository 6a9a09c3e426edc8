/** A function that queries may call by its name: `[(datahike-gateway/period-start ?period ?instant) ?start]`. */
import { registerFunction } from '../../engine/index.ts';
import { periodStart } from '../../schema/model/periods.ts';

export const PERIOD_START = 'datahike-gateway/period-start';

registerFunction(PERIOD_START, periodStart);
