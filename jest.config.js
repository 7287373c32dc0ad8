/** Tests outside test/e2e that need Docker, Go or a network: not unit tests, whatever their folder is called. */
const PARTS = [
  'runtimes/edge/test/haproxy-image.test.ts',
  'runtimes/gateway/test/hooks.test.ts',
  'runtimes/gateway/test/large-bodies.test.ts',
  'runtimes/gateway/test/whole-gateway.test.ts',
  'runtimes/portkey/test/portkey-image.test.ts',
  'toolchain/test/actionlint.test.ts',
  'toolchain/test/build.test.ts',
  'toolchain/test/integration.test.ts',
  'toolchain/test/official-plugins.test.ts',
  'toolchain/test/official-pulumi.test.ts',
];

/** What both projects have in common. */
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          experimental: { keepImportAttributes: true },
        },
      },
    ],
  },
};

/** @type {import('jest').Config} */
export default {
  testSequencer: '<rootDir>/test/harness/test-sequencer.js',
  projects: [
    {
      ...common,
      // No Docker, no Go, no network.
      displayName: 'unit',
      testMatch: [
        '<rootDir>/test/{unit,stack}/**/*.test.ts',
        '<rootDir>/runtimes/*/test/**/*.test.ts',
        '<rootDir>/toolchain/test/**/*.test.ts',
      ],
      testPathIgnorePatterns: ['/node_modules/', ...PARTS.map((file) => `<rootDir>/${file}$`)],
    },
    {
      ...common,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts', ...PARTS.map((file) => `<rootDir>/${file}`)],
      testPathIgnorePatterns: ['/node_modules/'],
    },
  ],
};
