/** The code blocks of the README. */
import { readFileSync } from 'node:fs';

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Where it begins, for messages. */
  readonly line: number;
}

export interface Step extends Block {
  /** The block that follows, where it shows what the step prints. */
  readonly output: Block | undefined;
}

const RUNNABLE = new Set(['sh', 'ts']);
const OUTPUT = new Set(['json', 'text']);

/** The commands and programs of a section, each with its output. */
export function stepsOf(section: string): Step[] {
  const blocks = blocksOf(readFileSync('README.md', 'utf8'), section);
  return blocks.flatMap((block, i) => {
    const next = blocks[i + 1];
    const output = next !== undefined && OUTPUT.has(next.language) ? next : undefined;
    return RUNNABLE.has(block.language) ? [{ ...block, output }] : [];
  });
}

function blocksOf(readme: string, section: string): Block[] {
  const blocks: Block[] = [];
  let isInside = false;
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [i, line] of readme.split('\n').entries()) {
    if (open === undefined && line.startsWith('## ')) isInside = line === `## ${section}`;
    if (!isInside) continue;
    if (!line.startsWith('```')) open?.lines.push(line);
    else if (open === undefined) open = { language: line.slice(3), line: i + 1, lines: [] };
    else {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}
