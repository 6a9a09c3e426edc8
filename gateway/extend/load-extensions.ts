/** Extensions from modules of users. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Extension } from './extension.ts';
import { badExtension } from './parse-extension.ts';

/** What the modules at some paths export, under the name `extension` or as their default. @throws BAD_CONFIG */
export async function loadExtensions(
  paths: ReadonlyArray<string>,
): Promise<ReadonlyArray<Extension>> {
  return Promise.all(paths.map(loadExtension));
}

async function loadExtension(path: string): Promise<Extension> {
  const { extension, default: only = extension } = await importModule(path);
  if (typeof only !== 'object' || only === null)
    throw badExtension(
      path,
      'expected the module to export `extension`, or to have a default export: what `defineExtension` returns',
    );
  return { name: path, ...only };
}

interface ExtensionModule {
  readonly extension?: unknown;
  readonly default?: unknown;
}

async function importModule(path: string): Promise<ExtensionModule> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as ExtensionModule;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badExtension(path, isOfTypes(error) ? NO_TYPES : `cannot be loaded: ${why}`, error);
  }
}

function isOfTypes(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
}

const NO_TYPES = `Node ${process.versions.node} reads no TypeScript: start it with NODE_OPTIONS="--import tsx", use Node 22.18 or later, or name the compiled .js`;
