/** What happens on the way between processes and servers. */
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseError } from '../../../engine/index.ts';
import { RemoteWriter } from '../../../services/index.ts';
import { httpTransport } from '../../../services/rpc/http-transport.ts';
import type { Delivery, WriterTransport } from '../../../services/rpc/transport.ts';
import { DATABASE, signal } from '../cluster.ts';
import type { FaultContext, Faults } from '../fault.ts';
import { OUTLASTING_MS, leaderSeat } from '../fault.ts';
import type { Random } from '../random.ts';

export const NETWORK_FAULTS: Faults = {
  'lost-replies': {
    what: 'answers of PostgreSQL to the writer are lost, then its connections',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ losesReplies: true });
      await wait(context.random.between(50, 800));
      proxy.heal();
    },
  },
  'lost-requests': {
    what: 'what the writer sends to PostgreSQL is lost, then its connections',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ losesRequests: true });
      await wait(context.random.between(50, 800));
      proxy.heal();
    },
  },
  'cut-writer': {
    what: 'all connections of the writer to PostgreSQL are reset',
    inject: async (context) => (await leaderSeat(context)).proxy.cut(),
  },
  'partition-writer': {
    what: 'the writer is parted from PostgreSQL for longer than its lease',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ losesRequests: true, losesReplies: true });
      await wait(OUTLASTING_MS);
      proxy.heal();
    },
  },
  'partition-clients': {
    what: 'clients are parted from PostgreSQL',
    inject: async ({ cluster }) => {
      cluster.clientProxy.set({ losesRequests: true, losesReplies: true });
      await wait(OUTLASTING_MS);
      cluster.clientProxy.heal();
    },
  },
  'slow-store': {
    what: 'PostgreSQL answers the writer 100 ms later',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ delayMs: 50 });
      await wait(OUTLASTING_MS);
      proxy.heal();
    },
  },
  'replayed-requests': {
    what: 'requests with keys arrive twice, and again later, at whoever writes by then; their answers are lost or late',
    inject: replayRequests,
  },
};

/** How much later a request arrives once more. */
const LATER_MS = 1_500;

async function replayRequests(context: FaultContext): Promise<void> {
  const { clients, random, note } = context;
  const replaying = new ReplayingTransport(random, context.leader);
  const undo = clients.map(({ connection }) => {
    const { store, branch } = connection;
    const writer = new RemoteWriter({ database: DATABASE, store, branch, transport: replaying });
    return connection.writeThrough(writer);
  });
  await wait(OUTLASTING_MS / 2);
  // What was written by one writer is sent to the next one, too.
  signal((await leaderSeat(context)).process, random.pick(['SIGKILL', 'SIGTERM']));
  await wait(OUTLASTING_MS);
  for (const each of undo) each();
  await replaying.ended();
  note(`${replaying.replays} requests arrived again`);
}

/** HTTP that delivers requests with keys more than once. */
class ReplayingTransport implements WriterTransport {
  replays = 0;
  readonly #random: Random;
  readonly #leader: FaultContext['leader'];
  readonly #pending = new Set<Promise<unknown>>();

  constructor(random: Random, leader: FaultContext['leader']) {
    this.#random = random;
    this.#leader = leader;
  }

  async deliver(delivery: Delivery): ReturnType<WriterTransport['deliver']> {
    if (delivery.request.key === undefined) return httpTransport.deliver(delivery);
    if (this.#random.next() < 0.5) void this.#replay(delivery, this.#random.between(0, LATER_MS));
    const [answer] = await Promise.allSettled([
      httpTransport.deliver(delivery),
      ...(this.#random.next() < 0.5 ? [this.#replay(delivery, 0)] : []),
    ]);
    if (answer.status === 'rejected') throw answer.reason;
    if (this.#random.next() < 0.2)
      throw new DatabaseError('OUTCOME_UNKNOWN', 'The answer of the writer was lost');
    return answer.value;
  }

  /** Resolves when all that was to arrive again has arrived. */
  async ended(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #replay(delivery: Delivery, afterMs: number): Promise<unknown> {
    this.replays++;
    const replay = this.#deliverLater(delivery, afterMs)
      .catch(() => undefined) // nobody listens
      .finally(() => this.#pending.delete(replay));
    this.#pending.add(replay);
    return replay;
  }

  /** To whoever writes by then. */
  async #deliverLater(delivery: Delivery, afterMs: number): Promise<unknown> {
    if (afterMs === 0) return httpTransport.deliver(delivery);
    await wait(afterMs);
    return httpTransport.deliver({
      ...delivery,
      address: (await this.#leader()) ?? delivery.address,
    });
  }
}
