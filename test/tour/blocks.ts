/** The code blocks of the README and of pages beside it. */
import { readFileSync } from 'node:fs';

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The heading that it is under. */
  readonly section: string;
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
export function stepsOf(file: string, section: string): Step[] {
  const blocks = blocksOf(file).filter((block) => block.section === section);
  return blocks.flatMap((block, i) => {
    const next = blocks[i + 1];
    const output = next !== undefined && OUTPUT.has(next.language) ? next : undefined;
    return RUNNABLE.has(block.language) ? [{ ...block, output }] : [];
  });
}

export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  let section = '';
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [i, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (open === undefined && line.startsWith('## ')) section = line.slice(3);
    if (!line.startsWith('```')) open?.lines.push(line);
    else if (open === undefined) open = { language: line.slice(3), line: i + 1, lines: [] };
    else {
      blocks.push({
        language: open.language,
        line: open.line,
        text: open.lines.join('\n'),
        section,
      });
      open = undefined;
    }
  }
  return blocks;
}
