// What the compiler does not carry to dist: the pages and styles that the gateway serves.
import { cpSync, existsSync } from 'node:fs';

for (const folder of ['gateway/assets']) {
  if (existsSync(folder)) cpSync(folder, `dist/${folder}`, { recursive: true });
}
