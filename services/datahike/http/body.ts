/** The body of a request, up to a length. */
import type { IncomingMessage } from 'node:http';
import { DatabaseError } from '../../../engine/index.ts';

/**
 * @throws BODY_TOO_LARGE without reading on, where it is longer than it says or than is allowed; UNSUPPORTED_MEDIA_TYPE where it is compressed; CANCELLED where the sender goes away
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers;
  if (encoding !== undefined && encoding !== 'identity')
    throw new DatabaseError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Expected a body that is not compressed, got Content-Encoding: ${encoding}`,
    );
  if (Number(length ?? 0) > limitBytes) throw tooLarge(limitBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else reject(tooLarge(limitBytes));
    });
    request.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    const gone = (): void =>
      reject(new DatabaseError('CANCELLED', 'The request ended before all of its body came'));
    request.on('error', gone);
    request.on('aborted', gone);
  });
}

function tooLarge(limitBytes: number): DatabaseError {
  return new DatabaseError(
    'BODY_TOO_LARGE',
    `Expected a body of at most ${limitBytes} bytes; send it in parts`,
  );
}
