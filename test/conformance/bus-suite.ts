/**
 * What every Bus must do, and may not do. Buses lose messages; what they may never do is to hide it.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus, RootAnnouncement } from '../../services/bus/bus.ts';

/** Opens a bus that reaches the listeners of those before it, as another process would. The suite closes it. */
export type OpenBus = () => Promise<Bus>;

const announcementOf = (changes: Partial<RootAnnouncement> = {}): RootAnnouncement => ({
  database: 'memory:one',
  branch: 'db',
  version: 1,
  epoch: 1,
  basisTx: 536_870_913,
  segments: [],
  ...changes,
});

const ignore = (): void => undefined;

/** A server between buses, whose connections can break. */
export interface BusServer {
  readonly open: OpenBus;
  /** Breaks the connections of all buses. */
  interrupt(): Promise<void>;
}

export function runBusSuite(name: string, open: OpenBus): void {
  describe(name, () => {
    let bus: Bus;
    let other: Bus;
    const heard: RootAnnouncement[] = [];
    const hear = (announcement: RootAnnouncement): void => void heard.push(announcement);
    const versions = (): number[] => heard.map(({ version }) => version);

    beforeEach(async () => {
      bus = await open();
      other = await open();
      heard.length = 0;
    });
    afterEach(() => Promise.all([bus.close(), other.close()]));

    it('carries an announcement with its segments', async () => {
      const segments = [
        { tx: 536_870_913, bytes: Uint8Array.from([0, 1, 127, 128, 255]) },
        { tx: 536_870_914, bytes: new Uint8Array() },
      ];
      await bus.listen('memory:one', 'db', hear, ignore);
      await bus.announce(announcementOf({ segments }));
      await vi.waitFor(() => expect(heard).toHaveLength(1));
      const [first] = heard;
      expect(first).toMatchObject({
        ...announcementOf(),
        segments: segments.map(({ tx }) => ({ tx })),
      });
      expect(first!.segments!.map(({ bytes }) => Array.from(bytes))).toEqual([
        [0, 1, 127, 128, 255],
        [],
      ]);
    });

    it('carries announcements between two buses, in both directions', async () => {
      await bus.listen('memory:one', 'db', hear, ignore);
      await other.listen('memory:two', 'db', hear, ignore);
      await other.announce(announcementOf({ version: 7 }));
      await vi.waitFor(() => expect(versions()).toEqual([7]));
      await bus.announce(announcementOf({ database: 'memory:two', version: 8 }));
      await vi.waitFor(() => expect(versions()).toEqual([7, 8]));
    });

    it('carries nothing of another database or branch', async () => {
      await bus.listen('memory:one', 'db', hear, ignore);
      await bus.announce(announcementOf({ database: 'memory:two', version: 2 }));
      await bus.announce(announcementOf({ branch: 'other', version: 3 }));
      await bus.announce(announcementOf({ version: 4 }));
      await vi.waitFor(() => expect(versions()).toEqual([4]));
    });

    it('tells odd names apart', async () => {
      const names = ['a', 'a/b', 'a:b', 'A', "a'; --", 'Ä 🦜', 'x'.repeat(200)];
      for (const branch of names) await bus.listen('memory:one', branch, hear, ignore);
      for (const branch of names) await bus.announce(announcementOf({ branch }));
      await vi.waitFor(() =>
        expect(heard.map(({ branch }) => branch).sort()).toEqual([...names].sort()),
      );
    });

    it('serves every listener of a branch until it stops listening', async () => {
      const others: number[] = [];
      const stop = await bus.listen('memory:one', 'db', hear, ignore);
      await bus.listen('memory:one', 'db', ({ version }) => others.push(version), ignore);
      await bus.announce(announcementOf());
      await vi.waitFor(() => expect([versions(), others]).toEqual([[1], [1]]));
      await stop();
      await stop();
      await bus.announce(announcementOf({ version: 2 }));
      await vi.waitFor(() => expect(others).toEqual([1, 2]));
      expect(versions()).toEqual([1]);
    });

    it('hears again after the last listener had left', async () => {
      const stop = await bus.listen('memory:one', 'db', hear, ignore);
      await stop();
      await bus.listen('memory:one', 'db', hear, ignore);
      await bus.announce(announcementOf());
      await vi.waitFor(() => expect(versions()).toEqual([1]));
    });

    it('brings the newest of many, and none before an older one', async () => {
      await bus.listen('memory:one', 'db', hear, ignore);
      for (let version = 1; version <= 200; version++)
        await bus.announce(announcementOf({ version }));
      await vi.waitFor(() => expect(versions().at(-1)).toBe(200));
      expect(versions()).toEqual([...versions()].sort((a, b) => a - b));
    });

    it.each([8_000, 100_000, 3_000_000])(
      'carries the announcement of %i bytes, if need be without them',
      async (sizeBytes) => {
        await bus.listen('memory:one', 'db', hear, ignore);
        await bus.announce(
          announcementOf({ segments: [{ tx: 5, bytes: new Uint8Array(sizeBytes) }] }),
        );
        await vi.waitFor(() => expect(versions()).toEqual([1]));
        const { segments } = heard[0]!;
        if (segments !== null)
          expect(segments.map(({ bytes }) => bytes.length)).toEqual([sizeBytes]);
      },
    );

    it('announces without a listener, and after it was closed', async () => {
      await bus.announce(announcementOf());
      await bus.close();
      await bus.announce(announcementOf());
    });
  });
}

export function runNetworkBusSuite(
  name: string,
  newServer: () => BusServer | Promise<BusServer>,
): void {
  runBusSuite(name, async () => (await newServer()).open());

  describe(`${name} on a network`, () => {
    it('reports a gap after an interruption and goes on', async () => {
      const server = await newServer();
      const [reader, writer] = [await server.open(), await server.open()];
      const versions: number[] = [];
      const onGap = vi.fn();
      await reader.listen('memory:one', 'db', ({ version }) => versions.push(version), onGap);
      await server.interrupt();
      await vi.waitFor(() => expect(onGap).toHaveBeenCalled(), { timeout: 5_000 });
      await vi.waitFor(
        async () => {
          await writer.announce(announcementOf({ version: 9 }));
          expect(versions).toContain(9);
        },
        { timeout: 5_000 },
      );
      await Promise.all([reader.close(), writer.close()]);
    });
  });
}
