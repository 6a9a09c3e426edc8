/**
 * Folder names of databases and branches: safe on every file system, also on those that ignore case.
 */
import { createHash } from 'node:crypto';

const MAX_ENCODED_LENGTH = 120;

/** A folder name that only this name has: `db-` or `branch-`, then the name with all but `a-z 0-9 _ -` as `%xx`. */
export function folderOf(prefix: 'db' | 'branch', name: string): string {
  const encoded = Array.from(Buffer.from(name, 'utf8'), encodeByte).join('');
  if (encoded.length <= MAX_ENCODED_LENGTH) return `${prefix}-${encoded}`;
  const digest = createHash('sha256').update(name, 'utf8').digest('hex');
  return `${prefix}-~${digest}`;
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
}
