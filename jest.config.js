/** Tests below test/unit and toolchain/test that need Docker or Go: not unit tests, whatever their folder is called. */
const PARTS = [
  'test/unit/gateway/hooks.test.ts',
  'toolchain/test/build.test.ts',
  'toolchain/test/integration.test.ts',
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
  projects: [
    {
      ...common,
      // No Docker, no Go, no network.
      displayName: 'unit',
      testMatch: [
        '<rootDir>/test/unit/**/*.test.ts',
        '<rootDir>/test/stack/**/*.test.ts',
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
