// Who may import whom, as a check. The place of a layer in LADDER is its order; a layer may import itself and the layers
// listed for it, nothing else of ours. `examples/` and `test/` may import anything, and nobody imports them.
const LADDER = {
  'engine/shared': [],
  'engine/tree': ['engine/shared'],
  'engine/datom': ['engine/shared'],
  'engine/store': ['engine/shared'],
  'engine/codec': ['engine/shared', 'engine/datom', 'engine/tree'],
  'engine/indices': [
    'engine/shared',
    'engine/datom',
    'engine/tree',
    'engine/codec',
    'engine/store',
  ],
  'engine/novelty': ['engine/shared', 'engine/datom', 'engine/tree', 'engine/indices'],
  'engine/db': ['engine/shared', 'engine/datom', 'engine/tree', 'engine/indices', 'engine/novelty'],
  'engine/pull': ['engine/shared', 'engine/datom', 'engine/db'],
  'engine/query': ['engine/shared', 'engine/datom', 'engine/db', 'engine/pull'],
  'engine/transact': [
    'engine/shared',
    'engine/datom',
    'engine/indices',
    'engine/novelty',
    'engine/db',
  ],
  'engine/commit': [
    'engine/shared',
    'engine/datom',
    'engine/tree',
    'engine/codec',
    'engine/store',
    'engine/indices',
    'engine/novelty',
    'engine/db',
  ],
  'engine/transfer': [
    'engine/shared',
    'engine/datom',
    'engine/tree',
    'engine/codec',
    'engine/store',
    'engine/indices',
    'engine/novelty',
    'engine/db',
    'engine/commit',
  ],
};
const SERVICES = {
  'services/shared': [],
  'services/bus': ['services/shared'],
  'services/connection': ['services/shared', 'services/bus'],
  'services/versions': ['services/shared', 'services/connection'],
  'services/maintenance': ['services/shared', 'services/connection'],
  'services/writer': [
    'services/shared',
    'services/bus',
    'services/connection',
    'services/versions',
    'services/maintenance',
  ],
  'services/reader': ['services/shared', 'services/connection', 'services/versions'],
  'services/stream': ['services/shared', 'services/bus', 'services/connection', 'services/reader'],
  'services/backup': [
    'services/shared',
    'services/connection',
    'services/versions',
    'services/maintenance',
    'services/writer',
  ],
  'services/migration': [
    'services/shared',
    'services/connection',
    'services/versions',
    'services/maintenance',
    'services/writer',
  ],
  'services/datahike': [
    'services/storage.ts',
    'services/shared',
    'services/connection',
    'services/versions',
    'services/maintenance',
    'services/writer',
  ],
  'services/rpc': ['services/shared', 'services/connection', 'services/reader', 'services/stream'],
};
const TOP = ['schema', 'config', 'engine', 'services', 'gateway', 'examples', 'test'];
const only = (from, allowed) => ({
  name: `${from.replaceAll('/', '-')}-imports-only-${allowed.length ? allowed.join('+').replaceAll('/', '-') : 'itself'}`,
  severity: 'error',
  from: { path: `^${from}/`, ...(from.startsWith('services/') ? { pathNot: '/main[.]ts$' } : {}) }, // main.ts = composition root
  to: {
    path: `^(${TOP.join('|')})/`,
    pathNot: [
      `^${from}/`,
      ...allowed.map((a) => (a.endsWith('.ts') ? `^${a.replaceAll('.', '[.]')}$` : `^${a}/`)),
    ],
  },
});
const onlyHere = (pkg, files) => ({
  name: `${pkg.replace(/\W/g, '-')}-only-in-its-adapter`,
  severity: 'error',
  from: { path: '^(schema|config|engine|services|gateway)/', pathNot: files },
  to: { path: `node_modules/${pkg}/`, dependencyTypesNot: ['type-only'] },
});
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '[.]test[.]ts$',
          '^config/tools/',
          '^test/support/',
          '^examples/',
          '^test/bench/',
        ],
      },
      to: {},
    },
    {
      name: 'not-to-test',
      severity: 'error',
      from: { pathNot: '^(test|examples)/' },
      to: { path: '^test/' },
    },
    {
      name: 'not-to-examples',
      severity: 'error',
      from: { pathNot: '^(test|examples)/' },
      to: { path: '^examples/' },
    },
    {
      name: 'not-to-test-files',
      severity: 'error',
      from: {
        // These run other tests once more.
        pathNot: [
          '^test/api/rest-contract[.]test[.]ts$',
          '^test/gateway/attribute-refs[.]test[.]ts$',
        ],
      },
      to: { path: '[.]test[.]ts$' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-deps-in-production',
      severity: 'error',
      from: { pathNot: ['^test/', '^examples/', '^config/tools/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    only('schema', []),
    only('config', ['schema']),
    { ...only('engine', ['schema']), name: 'engine-imports-only-schema' },
    ...Object.entries(LADDER).map(([layer, allowed]) => only(layer, ['schema', ...allowed])),
    only('services', ['schema', 'config', 'engine/index.ts']),
    ...Object.entries(SERVICES).map(([layer, allowed]) =>
      only(layer, ['schema', 'config', 'engine/index.ts', ...allowed]),
    ),
    only('gateway', ['schema', 'config', 'services']),
    {
      name: 'engine-is-pure',
      comment: 'No node builtins in the engine outside the store adapters and the hash.',
      severity: 'error',
      from: { path: '^engine/', pathNot: ['^engine/store/', '^engine/codec/hash[.]ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'generator-is-pure',
      comment: 'gateway/generate turns attributes into an API and touches nothing else.',
      severity: 'error',
      from: { path: '^gateway/generate/' },
      to: { path: '^(services|config|gateway/(?!generate/))' },
    },
    {
      name: 'command-line-is-the-outermost',
      comment: 'The gateway is served without it; the process entry alone runs it.',
      severity: 'error',
      from: { path: '^gateway/', pathNot: ['^gateway/command-line/', '^gateway/main[.]ts$'] },
      to: { path: '^gateway/command-line/' },
    },
    {
      name: 'config-read-at-entry',
      comment: 'Only process entry points load the configuration.',
      severity: 'error',
      from: { path: '^(services|gateway)/', pathNot: '/main[.]ts$' },
      to: { path: '^config/', dependencyTypesNot: ['type-only'] },
    },
    onlyHere('pg', ['^engine/store/postgres[-/]', '^services/bus/postgres-bus[.]ts$']),
    onlyHere('ioredis', ['^services/bus/redis-clients[.]ts$']),
    onlyHere('pino', ['^services/shared/log[.]ts$']),
    onlyHere('zod', ['^config/']),
    onlyHere('cbor2', ['^schema/wire/cbor', '^services/migration/cbor-']),
    onlyHere('transit-js', ['^schema/wire/transit[.]ts$']),
    onlyHere('lossless-json', ['^schema/wire/tagged-json[.]ts$']),
    onlyHere('commander', ['^gateway/command-line/']),
    onlyHere('express', [
      '^gateway/(http/(app|pages)|rest/router)[.]ts$',
      '^gateway/graphql/server[.]ts$',
      '^services/rpc/writer-server[.]ts$',
    ]),
    onlyHere('ws', ['^gateway/live/web-socket[.]ts$']),
    onlyHere('graphql-ws', ['^gateway/live/web-socket[.]ts$']),
    onlyHere('@apollo/server', ['^gateway/graphql/server[.]ts$']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^gateway/assets/' }, // for browsers, served as they are
    tsPreCompilationDeps: true, // see type-only imports too
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
