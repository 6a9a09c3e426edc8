/** A program: the least that an HTTP server of Node does. It reads the body of each request and answers so many bytes of JSON, always the same. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , size = '0'] = process.argv;
const AROUND = '{"data":""}'.length;
const body = Buffer.from(`{"data":"${'x'.repeat(Math.max(0, Number(size) - AROUND))}"}`);
const headers = { 'content-type': 'application/json', 'content-length': body.length };

const server = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, headers).end(body));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`Health http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
process.once('SIGTERM', () => process.exit(0));
