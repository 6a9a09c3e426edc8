import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTING_KEYS, variablesOf } from '../../../config/settings.ts';

const compose = readFileSync('docker-compose.yml', 'utf8');

it('the processes of docker-compose.yml and package.json exist', () => {
  const manifest = readFileSync('package.json', 'utf8');
  const outputs = `${compose}${manifest}`.matchAll(/dist\/([\w/-]+)\.js/g);
  const sources = [...new Set(Array.from(outputs, ([, path]) => `${path}.ts`))];
  expect(sources.filter((path) => !existsSync(path))).toEqual([]);
  expect(sources).toContain('gateway/main.ts');
});

it('the settings of docker-compose.yml exist', () => {
  const variables = SETTING_KEYS.flatMap(variablesOf);
  const used = Array.from(compose.matchAll(/^\s+([A-Z_]+): /gm), ([, name = '']) => name);
  const ofOthers = used.filter((name) => !name.startsWith('POSTGRES_'));
  expect(ofOthers).toContain('DATABASE_URL');
  expect(ofOthers.filter((name) => !variables.includes(name))).toEqual([]);
});

it('what docker-compose.yml publishes is for its machine alone, and is what processes listen on', () => {
  const published = Array.from(compose.matchAll(/^ +- '([\d.:]+)'$/gm), ([, ports = '']) =>
    ports.split(':'),
  );
  const listening = new Set(Array.from(compose.matchAll(/PORT: '(\d+)'/g), ([, port]) => port));
  expect(published.map(([host, port]) => `${host}:${port}`)).toEqual([
    '127.0.0.1:4444',
    '127.0.0.1:4000',
    '127.0.0.1:4001',
  ]);
  expect(published.filter(([, , port]) => !listening.has(port))).toEqual([]);
});
