/** The three streams of a process, as far as commands use them, and what is special where one of them is a terminal. */
import type { Readable, Writable } from 'node:stream';

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  /** What was asked for, and nothing else. */
  readonly output: OutputStream;
  /** What is said beside it. */
  readonly errors: OutputStream;
}

export type OutputStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Knows `NO_COLOR`. */
  hasColors?(): boolean;
};

/** Of terminals that do not say how wide they are, or say 0. */
const DEFAULT_COLUMNS = 80;

/** How many characters a line of a terminal has; undefined where it is none. */
export function widthOf({ isTTY = false, columns = 0 }: OutputStream): number | undefined {
  if (!isTTY) return undefined;
  return columns > 0 ? columns : DEFAULT_COLUMNS;
}

/** Resolves when the stream has taken the text, so that nobody is ahead of a slow reader. @throws EPIPE where nobody reads any more */
export function writeTo(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error == null ? resolve() : reject(error)));
  });
}

/** What cannot be shown as it is: a terminal would follow it. */
const CONTROL = /[\p{Cc}\p{Cf}]/gu;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** On one line, without anything that a terminal would take for a command. */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replaceAll('\n', '↵')
    .replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** How many columns of a terminal a text takes. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The beginning of a text that takes so many columns at most; an ellipsis says that it was cut. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let taken = 1;
  for (const { segment } of graphemes.segment(text)) {
    taken += displayWidth(segment);
    if (taken > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter();
