/** The figures in `docs/performance.md`: each bench that has some replaces its own, between two marks. */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { format, resolveConfig } from 'prettier';

const DOCUMENT = new URL('../../docs/performance.md', import.meta.url);
const PRETTIER_CONFIG = new URL('../../config/tools/prettier.json', import.meta.url);

/** Replaces what is between the marks of a bench by other Markdown. */
export async function writeFigures(bench: string, markdown: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [begin, end] = [`<!-- figures of ${bench} -->`, `<!-- end of ${bench} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${bench}`);
  const written = `${text.slice(0, from)}${begin}\n\n${markdown}\n\n${text.slice(to)}`;
  const config = await resolveConfig(DOCUMENT, { config: PRETTIER_CONFIG });
  await writeFile(DOCUMENT, await format(written, { ...config, parser: 'markdown' }));
}

/** Where and when figures were measured. */
export function measuredOn(...programs: ReadonlyArray<string>): string {
  const [processor] = cpus();
  const machine = `${cpus().length} processors (${processor?.model.trim() ?? 'unknown'})`;
  const day = new Date().toISOString().slice(0, 10);
  return `Measured on ${day} with ${[`Node ${process.version}`, ...programs].join(', ')}, on ${machine}.`;
}

export function markdownTable(
  titles: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string | number>>,
): string {
  const line = (cells: ReadonlyArray<string | number>): string => `| ${cells.join(' | ')} |`;
  // The first column is text, the others are figures.
  const alignment = titles.map((_, i) => (i === 0 ? '---' : '--:'));
  return [titles, alignment, ...rows].map(line).join('\n');
}
