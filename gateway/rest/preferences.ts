/** What a caller would like (RFC 7240). */
import { DatabaseError } from '../../schema/error.ts';

export interface Preferences {
  readonly wantsCount: boolean;
  /** What the answer to a write should hold; each has its own default. */
  readonly returns: 'minimal' | 'representation' | undefined;
  /** How many entities a write may change. */
  readonly maxAffected: number;
  /** Those that were understood. */
  readonly known: ReadonlyMap<string, string>;
}

/** @throws BAD_USER_INPUT where the caller wants to hear of preferences that are not known */
export function parsePreferences(header: string | undefined): Preferences {
  const asked = new Map<string, string>();
  for (const preference of (header ?? '').split(',')) {
    const [name = '', value = ''] = (preference.split(';')[0] ?? '').split('=');
    const key = name.trim().toLowerCase();
    // The first of a name counts.
    if (key !== '' && !asked.has(key)) asked.set(key, value.trim().replaceAll('"', ''));
  }
  const known = Array.from(asked).filter(([name, value]) => KNOWN[name]?.test(value) === true);
  const followed = new Map(known);
  if (followed.get('handling') === 'strict' && known.length < asked.size) {
    const names = Array.from(asked.keys()).filter((name) => !followed.has(name));
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Prefer: handling=strict, but ${names.join(', ')} cannot be followed; there are return=minimal, return=representation, count=exact, max-affected=n`,
    );
  }
  const returns = followed.get('return') as Preferences['returns'];
  return {
    wantsCount: followed.has('count'),
    returns,
    maxAffected: Number(followed.get('max-affected') ?? 1),
    known: followed,
  };
}

/** The header that says which of some preferences the answer follows. */
export function appliedHeader(
  { known }: Preferences,
  ...names: ReadonlyArray<string>
): Readonly<Record<string, string>> {
  const applied = names.flatMap((name) => {
    const value = known.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return applied.length === 0 ? {} : { 'Preference-Applied': applied.join(', ') };
}

const KNOWN: Readonly<Record<string, RegExp>> = {
  return: /^(minimal|representation)$/,
  handling: /^(strict|lenient)$/,
  count: /^exact$/,
  'max-affected': /^[1-9]\d{0,5}$/,
};
