/** How a database is shown other than its attributes say, by the configuration. */
import type { Config } from '../config/config.ts';
import type { ModelConfig } from '../schema/model/model.ts';

const OTHERS = '*';
const NOTHING: ModelConfig = {};

export function modelConfigOf({ api: { models } }: Config, database: string): ModelConfig {
  const name = [database, OTHERS].find((each) => Object.hasOwn(models, each));
  return name === undefined ? NOTHING : (models[name] ?? NOTHING);
}
