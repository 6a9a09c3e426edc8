/**
 * Announcements as text, for buses between processes. What comes in is a hint from anybody who can reach the bus, so it is
 * checked field by field, and anything else than an announcement is nothing.
 */
import type { RootAnnouncement } from './bus.ts';

/** History: 1, the first one. */
const FORMAT = 1;
const MAX_TEXT_LENGTH = 1 << 20;

/** The text of an announcement; without its segments where it would be longer than `maxBytes`. */
export function encodeAnnouncement(announcement: RootAnnouncement, maxBytes: number): string {
  const { segments, ...rest } = announcement;
  const head = { format: FORMAT, ...rest };
  if (segments !== null && base64Length(segments) < maxBytes) {
    const texts = segments.map(({ tx, bytes }) => [tx, Buffer.from(bytes).toString('base64')]);
    const text = JSON.stringify({ ...head, segments: texts });
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  return JSON.stringify({ ...head, segments: null });
}

function base64Length(segments: NonNullable<RootAnnouncement['segments']>): number {
  return segments.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 3) * 4, 0);
}

/** The announcement, or undefined where the text is none. */
export function decodeAnnouncement(text: string): RootAnnouncement | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const message = parseObject(text);
  if (message?.['format'] !== FORMAT) return undefined;
  const { database, branch, version, epoch, basisTx } = message;
  if (typeof database !== 'string' || typeof branch !== 'string') return undefined;
  if (!isCount(version) || !isCount(epoch) || !isCount(basisTx)) return undefined;
  const segments = decodeSegments(message['segments']);
  if (segments === undefined) return undefined;
  const isReleased = message['isReleased'] === true;
  return { database, branch, version, epoch, basisTx, segments, ...(isReleased && { isReleased }) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function decodeSegments(value: unknown): RootAnnouncement['segments'] | undefined {
  if (value === null) return null;
  if (!Array.isArray(value)) return undefined;
  const segments: { readonly tx: number; readonly bytes: Uint8Array }[] = [];
  for (const entry of value as ReadonlyArray<unknown>) {
    if (!Array.isArray(entry)) return undefined;
    const [tx, base64] = entry as ReadonlyArray<unknown>;
    if (!isCount(tx) || typeof base64 !== 'string') return undefined;
    segments.push({ tx, bytes: Buffer.from(base64, 'base64') });
  }
  return segments;
}
