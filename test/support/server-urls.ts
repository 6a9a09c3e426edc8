/**
 * Where a test file finds the servers of its run; the first question starts them.
 */
import { inject } from 'vitest';

export function postgresUrl(): Promise<string> {
  return ask('postgres');
}

export function redisUrl(): Promise<string> {
  return ask('redis');
}

async function ask(server: 'postgres' | 'redis'): Promise<string> {
  const response = await fetch(`${inject('serverBroker')}/${server}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
