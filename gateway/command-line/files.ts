/** Files that commands write, or standard output in their place. */
import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Session } from './session.ts';

/** Writes to a file, or to standard output where none is named. */
export async function writeOut(
  { terminal, signal }: Session,
  file: string | undefined,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (file === undefined) await pipeline(chunks, terminal.output, { end: false, signal });
  else await writeWhole(file, chunks, signal);
}

/** A file is there with all of its bytes or not at all. */
async function writeWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, 'wx');
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
    await file.sync();
    await file.close();
    await rename(unfinished, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}
