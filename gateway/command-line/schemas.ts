/**
 * The commands that show what a database looks like in the API, and that let it look otherwise. What they do is loaded when they are run: the other
 * commands start faster without GraphQL.
 */
import type { Command } from 'commander';
import { addDatabaseCommand } from './guide.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';

const PAGE = 'docs/graphql.md';

export function addSchemas(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'schema', {
    summary: 'prints the GraphQL schema of a database, or of a set of them',
    details: 'What could not be shown as one would expect is said beside it.',
    examples: [
      'datahike-gateway schema world > world.graphql',
      'datahike-gateway schema customers --config gateway.json',
    ],
    page: PAGE,
  }).action(inSession(line, showSchema));
  addDatabaseCommand(program, 'relock', {
    summary: 'shows a database as its attributes say now, whatever it was locked to be',
    details: 'What that breaks is listed, and has to be accepted.',
    examples: ['datahike-gateway relock world', 'datahike-gateway relock world --accept'],
    page: PAGE,
  })
    .option('--accept', 'also where it breaks what clients may rely on')
    .action(inSession(line, relock));
}

async function showSchema(session: Session, database: string): Promise<void> {
  const served = await import('./served-schemas.ts');
  await served.showSchema(session, database);
}

async function relock(
  session: Session,
  database: string,
  options: { readonly accept?: boolean },
): Promise<void> {
  const served = await import('./served-schemas.ts');
  await served.relock(session, database, options);
}
