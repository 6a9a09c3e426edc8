/**
 * `node config/tools/run.js FILE [ARGUMENT...]`: runs a program of this repository from its sources. All of them are made into one file
 * first, which takes a tenth of a second; loading each of some three hundred by itself takes one second more.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file = '', ...args] = process.argv.slice(2);
const folder = resolve('node_modules/.cache/datahike-gateway');
const outfile = resolve(folder, `${file.replaceAll(/[^a-z]/g, '-')}.mjs`);

/** Each source goes on knowing where it is, and finds the files beside it. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: 'ts',
    }));
  },
};

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  plugins: [ownPlaces],
});
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], resolve(file), ...args];
await import(pathToFileURL(outfile).href);
