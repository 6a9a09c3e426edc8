/** A mean of integers as Java makes a double of the fraction: of its first sixteen digits, rounded half to even. */
export function quotient(total: number, count: number): number {
  const mean = total / count;
  if (!Number.isSafeInteger(total) || Number.isInteger(mean)) return mean;
  const wholeDigits = Math.floor(Math.log10(Math.abs(mean))) + 1;
  const places = BigInt(Math.max(0, DIGITS - wholeDigits));
  const divisor = BigInt(count);
  const scaled = BigInt(Math.abs(total)) * 10n ** places;
  let digits = scaled / divisor;
  const twice = 2n * (scaled % divisor);
  if (twice > divisor || (twice === divisor && digits % 2n === 1n)) digits++;
  return Number(`${total < 0 ? '-' : ''}${digits}e-${places}`);
}

const DIGITS = 16;
