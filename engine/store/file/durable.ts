/**
 * File operations that are on the disk when they resolve: the file itself, and the folder entry that names it.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const ERASED_START_BYTES = 8;
const ERASED_AT_ONCE_BYTES = 1 << 20;

/** Replaces a file in one step: a reader sees the old bytes or the new ones. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = await writeTemporary(path, bytes);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a file with all of its bytes at once; false where there is one of that name. */
export async function createFile(path: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = await writeTemporary(path, bytes);
  try {
    await link(temporary, path); // unlike a rename, a link never replaces
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * Overwrites a file and removes it, where it is there. The start goes first and for itself, so that whoever sees any of the new bytes, now or
 * after a crash, also sees that the file is not what it was. The caller syncs the folder.
 */
export async function eraseFile(path: string): Promise<void> {
  const file = await openIfThere(path, 'r+');
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    await writeAt(file, 0, Buffer.alloc(Math.min(size, ERASED_START_BYTES)));
    await file.datasync();
    const zeros = Buffer.alloc(Math.min(size, ERASED_AT_ONCE_BYTES));
    for (let offset = 0; offset < size; offset += zeros.length) {
      await writeAt(file, offset, zeros.subarray(0, size - offset));
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  await rm(path, { force: true });
}

async function writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  return temporary;
}

export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows opens no folder and needs no such step
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function openIfThere(
  path: string,
  flags: string | number,
): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export async function readFileIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Writes all of the bytes at an offset, where the disk takes them. */
export async function writeAt(file: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(
      bytes,
      written,
      bytes.length - written,
      offset + written,
    );
    written += bytesWritten;
  }
}

/** Up to `length` bytes from an offset; fewer only at the end of the file. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

export function hasCode(error: unknown, ...codes: ReadonlyArray<string>): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
