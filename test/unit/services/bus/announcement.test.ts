import { describe, expect, it } from 'vitest';
import { decodeAnnouncement, encodeAnnouncement } from '../../../../services/bus/announcement.ts';

const announcement = {
  database: 'file:one',
  branch: 'db',
  version: 3,
  epoch: 2,
  basisTx: 536_870_920,
  segments: [{ tx: 536_870_920, bytes: Buffer.from([1, 2, 3]) }],
};
const head = { format: 1, database: 'file:one', branch: 'db', version: 3, epoch: 2, basisTx: 9 };

describe('announcements as text', () => {
  it('are read as they were written', () => {
    expect(decodeAnnouncement(encodeAnnouncement(announcement, 1_000))).toEqual(announcement);
  });

  it('leave their segments at home where they are too large', () => {
    const text = encodeAnnouncement(announcement, 100);
    expect(decodeAnnouncement(text)).toEqual({ ...announcement, segments: null });
  });

  it.each([
    '',
    'nonsense',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...head, format: 2, segments: null }),
    JSON.stringify({ ...head, database: 7, segments: null }),
    JSON.stringify({ ...head, version: -1, segments: null }),
    JSON.stringify({ ...head, version: 1.5, segments: null }),
    JSON.stringify({ ...head, version: '3', segments: null }),
    JSON.stringify({ ...head, basisTx: 2 ** 53, segments: null }),
    JSON.stringify(head),
    JSON.stringify({ ...head, segments: {} }),
    JSON.stringify({ ...head, segments: [7] }),
    JSON.stringify({ ...head, segments: [[1, 2]] }),
    `"${'x'.repeat(2 ** 20)}"`,
  ])('are nothing where they are none', (text) => {
    expect(decodeAnnouncement(text)).toBeUndefined();
  });
});
