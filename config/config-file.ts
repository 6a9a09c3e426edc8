/**
 * Configuration files: JSON objects whose members are nested as the settings are named, `{ "http": { "port": 4000 } }`.
 */
import { readFileSync } from 'node:fs';
import { DatabaseError } from '../schema/error.ts';
import { isSettingKey, SETTINGS, type SettingKey } from './settings.ts';

/** The settings of a file by their keys, not checked yet. */
export function readConfigFile(path: string): ReadonlyMap<SettingKey, unknown> {
  const settings = new Map<SettingKey, unknown>();
  addMembers(settings, parse(path), '', path);
  return settings;
}

function parse(path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? firstLine(error.message) : String(error);
    throw new DatabaseError(
      'BAD_CONFIG',
      `The configuration file ${path} cannot be read: ${reason}`,
    );
  }
  if (isObject(value)) return value;
  throw new DatabaseError('BAD_CONFIG', `Expected a JSON object in the configuration file ${path}`);
}

function addMembers(
  settings: Map<SettingKey, unknown>,
  value: object,
  prefix: string,
  path: string,
): void {
  for (const [name, member] of Object.entries(value)) {
    const key = prefix + name;
    if (isSettingKey(key)) settings.set(key, member);
    else if (isObject(member) && isSection(key)) addMembers(settings, member, `${key}.`, path);
    else throw unknownSetting(key, path);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSection(key: string): boolean {
  return Object.keys(SETTINGS).some((known) => known.startsWith(`${key}.`));
}

function unknownSetting(key: string, path: string): DatabaseError {
  const known = Object.keys(SETTINGS).join(', ');
  return new DatabaseError(
    'BAD_CONFIG',
    `Unknown setting ${JSON.stringify(key)} in ${path}: expected one of ${known}`,
    { data: { key } },
  );
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
