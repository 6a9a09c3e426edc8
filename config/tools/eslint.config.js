// Only rules that find bugs the compiler cannot. Layout belongs to prettier, boundaries to dependency-cruiser.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', 'data/**', 'config/tools/**', 'gateway/assets/**'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: process.cwd() },
    },
    plugins: { ts: tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-await-in-loop': 'off', // reviewed by hand: sometimes the point
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only config/config.ts reads the environment.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'ExportAllDeclaration', message: 'List what you export.' },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['warn', { max: 80, skipBlankLines: true, skipComments: true }],
      'ts/no-floating-promises': 'error',
      'ts/no-misused-promises': 'error',
      'ts/await-thenable': 'error',
      'ts/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'ts/no-explicit-any': 'error',
      'ts/no-non-null-assertion': 'error',
      'ts/only-throw-error': 'error',
      'ts/consistent-type-imports': 'error',
      'ts/prefer-readonly': 'error',
      'ts/return-await': ['error', 'error-handling-correctness-only'],
    },
  },
  {
    // The inner loops: indices into typed arrays that the loop itself bounds.
    files: [
      'engine/codec/*.ts',
      'engine/datom/{columns*,sort-datoms}.ts',
      'engine/tree/*.ts',
      'engine/indices/*tree*.ts',
      'engine/novelty/{datom-*,*cursor}.ts',
      'engine/db/{scan,near-rows,*cursor}.ts',
      'engine/pull/{project,pull-levels}.ts',
      'engine/query/{bind,lookup-chain,plan}.ts',
      'engine/query/{answer,paging,patterns,relation}/*.ts',
      'engine/query/clauses/*.ts',
      'gateway/read/{connection-json,entity-json,link-pages,pages}.ts',
      'gateway/read/query/cursor.ts',
    ],
    rules: { 'ts/no-non-null-assertion': 'off' },
  },
  {
    // The tests start servers, with programs and settings of the machine.
    files: ['config/config.ts', 'test/support/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**', 'examples/**'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'ts/no-non-null-assertion': 'off',
      'no-console': 'off',
    },
  },
);
