import { defineConfig } from 'vitest/config';

// GraphQL refuses to work with a second copy of itself: our sources would get its module build, Apollo the other one.
const graphql = new URL('../../node_modules/graphql/index.js', import.meta.url).pathname;

const setupFiles = ['test/support/property-setup.ts'];

const project = (name: string, include: string[], extra = {}) => ({
  resolve: { alias: { graphql } },
  // The first hook that asks for a server may have to install it.
  test: { name, include, testTimeout: 10_000, hookTimeout: 180_000, ...extra },
});

export default defineConfig({
  root: process.cwd(),
  test: {
    // Runs once, whatever the projects: PostgreSQL and Redis start when the first test asks for them.
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      project('unit', ['test/unit/**/*.test.ts'], { setupFiles }),
      project('property', ['test/property/**/*.test.ts'], { setupFiles, testTimeout: 60_000 }),
      project('gateway', ['test/gateway/**/*.test.ts'], { testTimeout: 30_000 }),
      project('integration', ['test/integration/**/*.test.ts'], {
        testTimeout: 120_000,
        fileParallelism: false,
      }),
      project('api', ['test/api/**/*.test.ts'], { testTimeout: 120_000, fileParallelism: false }),
      project('tour', ['test/tour/**/*.test.ts'], { testTimeout: 120_000 }),
      project('conformance', ['test/conformance/**/*.test.ts'], { testTimeout: 60_000 }),
    ],
    coverage: { provider: 'v8', include: ['schema/**', 'engine/**', 'services/**', 'gateway/**'] },
  },
});
