/**
 * The names of log files: `log-<life>-<generation>` in the folder of a branch. A life is a branch from its first lease or
 * commit to its deletion; the next branch of the name is the next life. A generation is one file of a life; the next one
 * takes its place where the log is rewritten. Of all files the one of the last life and its last generation counts.
 */

export interface LogName {
  /** The folder of the branch, within that of the database. */
  readonly folder: string;
  readonly life: number;
  readonly generation: number;
}

export function fileOf({ life, generation }: LogName): string {
  return `log-${life}-${generation}`;
}

/** Names a life for those who refer to it, in whatever generation. */
export function lifeOf({ folder, life }: LogName): string {
  return `${folder}/${life}`;
}

export function parseLife(text: string): { readonly folder: string; readonly life: number } {
  const slash = text.lastIndexOf('/');
  return { folder: text.slice(0, slash), life: Number(text.slice(slash + 1)) };
}

/** The name of a file in a folder, or undefined where it is no log. */
export function parseFile(folder: string, file: string): LogName | undefined {
  const [, life, generation] = /^log-(\d+)-(\d+)$/.exec(file) ?? [];
  return life === undefined
    ? undefined
    : { folder, life: Number(life), generation: Number(generation) };
}

/** The last generation of the last life. */
export function newestOf(names: ReadonlyArray<LogName>): LogName | undefined {
  return names.reduce<LogName | undefined>(
    (newest, each) => (newest === undefined || isLater(each, newest) ? each : newest),
    undefined,
  );
}

function isLater(one: LogName, other: LogName): boolean {
  if (one.life !== other.life) return one.life > other.life;
  return one.generation > other.generation;
}
