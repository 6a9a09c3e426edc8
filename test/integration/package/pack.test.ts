/** The package as a user installs it: packed, unpacked, imported and run. */
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../support/our-process.ts';
import { testFolder } from '../../support/test-folder.ts';

it('serves the engine, the services, the API of Datahike, the gateway and the command from what npm pack packs', async () => {
  const folder = await testFolder();
  await runCommand('npm', ['pack', '--silent', '--pack-destination', folder]);
  const [tarball = ''] = (await runCommand('ls', [folder])).trim().split('\n');
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await runCommand('tar', ['-xzf', join(folder, tarball), '-C', modules]);
  const installed = join(modules, 'package');
  // Its dependencies are those of this repository.
  await symlink(join(process.cwd(), 'node_modules'), join(installed, 'node_modules'));
  await runCommand('mv', [installed, join(modules, 'datahike-gateway')]);

  const program = `
    import { emptyDb, dbWith, q, DEFAULT_DATABASE_CONFIG } from 'datahike-gateway';
    import { openStorage } from 'datahike-gateway/services';
    import { startAll } from 'datahike-gateway/gateway';
    import * as d from 'datahike-gateway/datahike';
    import { loadConfig } from 'datahike-gateway/config';
    const config = await d.createDatabase({ 'initial-tx': [{ name: 'Eve' }], 'schema-flexibility': 'read' });
    console.log(await d.q('[:find [?n ...] :where [_ :name ?n]]', await d.db(await d.connect(config))));
    const db = await dbWith(emptyDb({ ...DEFAULT_DATABASE_CONFIG, schemaFlexibility: 'read' }), [{ name: 'Ada' }]);
    console.log(await q('[:find [?n ...] :where [_ :name ?n]]', db), typeof openStorage, typeof startAll, typeof loadConfig);`;
  // A program resolves names from where it is.
  const run = `cd '${folder}' && '${process.execPath}' --input-type=module -e "$PROGRAM"`;
  expect(await runCommand('bash', ['-euc', run], { PROGRAM: program })).toBe(
    "[ 'Eve' ]\n[ 'Ada' ] function function function\n",
  );

  const manifest = JSON.parse(
    await readFile(join(modules, 'datahike-gateway', 'package.json'), 'utf8'),
  );
  const command = join(modules, 'datahike-gateway', manifest.bin['datahike-gateway']);
  expect(await runCommand(process.execPath, [command, '--help'])).toMatch(
    /start [^]*writer [^]*gateway /,
  );
});
