/**
 * Cuts a write into statements of a bounded size, each with the bytes of its nodes end to end.
 */
import type { StoredNode } from '../store.ts';

const MAX_CHUNK_BYTES = 4 << 20;

export interface NodeChunk {
  /** Arrays in PostgreSQL's notation; a start counts from 1. */
  readonly addresses: string;
  readonly starts: string;
  readonly lengths: string;
  readonly bytes: Buffer;
}

export function* nodeChunks(nodes: ReadonlyArray<StoredNode>): Generator<NodeChunk> {
  let first = 0;
  let sizeBytes = 0;
  for (const [i, { bytes }] of nodes.entries()) {
    if (i > first && sizeBytes + bytes.length > MAX_CHUNK_BYTES) {
      yield chunkOf(nodes.slice(first, i));
      first = i;
      sizeBytes = 0;
    }
    sizeBytes += bytes.length;
  }
  if (first < nodes.length) yield chunkOf(nodes.slice(first));
}

function chunkOf(nodes: ReadonlyArray<StoredNode>): NodeChunk {
  const starts: number[] = [];
  let start = 1;
  for (const { bytes } of nodes) {
    starts.push(start);
    start += bytes.length;
  }
  return {
    addresses: `{${nodes.map(({ address }) => address).join(',')}}`,
    starts: `{${starts.join(',')}}`,
    lengths: `{${nodes.map(({ bytes }) => bytes.length).join(',')}}`,
    bytes: Buffer.concat(nodes.map(({ bytes }) => bytes)),
  };
}
