// The allowed imports between folders, as in docs/architecture.md. `npm run lint` checks them; test/unit/rooms.test.ts checks that
// forbidden imports are found.

/** The folders that each folder may import, besides itself and npm packages. A folder that is not listed is an error. */
export const ALLOWED_IMPORTS = {
  domain: [],
  infra: [],
  console: [],
  stacks: ['domain', 'infra', 'console'],
  bootstrap: ['infra', 'console'],
  client: ['domain', 'console'],
  engine: ['domain', 'infra', 'stacks', 'console', 'bootstrap'],
  keys: ['domain', 'infra', 'console', 'engine'],
  preview: ['domain', 'infra', 'stacks', 'console', 'engine', 'keys', 'bootstrap'],
  sandbox: ['domain', 'infra', 'console'],
  bench: ['infra', 'console', 'bootstrap', 'engine', 'sandbox'],
  drills: ['domain', 'console', 'engine', 'sandbox'],
  scripts: ['domain', 'console', 'engine', 'bootstrap'],
  cli: [
    'domain',
    'infra',
    'stacks',
    'console',
    'bootstrap',
    'engine',
    'client',
    'keys',
    'preview',
    'drills',
    'bench',
    'scripts',
  ],
  runtimes: [],
  toolchain: ['console'],
};

/** Tests may import what they test, and helpers. Only tests may import tests. */
const TESTS = ['^test/', '^toolchain/test/', '^runtimes/[a-z]+/test/'];
const rooms = Object.keys(ALLOWED_IMPORTS);

/** The layers of domain/: each may import the ones before it. */
const DOMAIN_LAYERS = ['schema', 'diagnostics', 'facts', 'plan', 'render', 'checks', 'read'];

/** The only packages that domain/ may use; no modules of Node. For clock and environment see eslint.config.js. */
const PURE_PACKAGES = ['zod', 'yaml', 'fastest-levenshtein', 'semver'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycle-of-files', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-cycle-of-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'product-never-imports-test',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
    ...rooms.map((room) => ({
      name: `imports-of-${room}`,
      severity: 'error',
      from: { path: `^${room}/`, pathNot: TESTS },
      to: {
        path: '^[a-z]+/',
        pathNot: ['^node_modules/', ...[room, ...ALLOWED_IMPORTS[room]].map((one) => `^${one}/`)],
        dependencyTypesNot: ['core'],
      },
    })),
    {
      name: 'every-folder-is-listed',
      severity: 'error',
      from: { path: '^[a-z]+/', pathNot: [...TESTS, ...rooms.map((one) => `^${one}/`)] },
      to: {},
    },
    ...DOMAIN_LAYERS.map((floor, index) => ({
      name: `layer-of-${floor}`,
      severity: 'error',
      from: { path: `^domain/${floor}/` },
      to: { path: '^domain/', pathNot: DOMAIN_LAYERS.slice(0, index + 1).map((one) => `^domain/${one}/`) },
    })),
    ...[
      // Hashing a text is pure; ESLint forbids the random functions of this module.
      { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
      {
        path: '(^|/)node_modules/',
        pathNot: PURE_PACKAGES.map((name) => `(^|/)node_modules/(@types/)?${name}/`),
      },
    ].map((to) => ({
      name: 'domain-is-pure',
      comment: 'no file access, no process, no network, no Pulumi: texts and dates are arguments',
      severity: 'error',
      from: { path: '^domain/' },
      to,
    })),
    {
      name: 'only-bootstrap-imports-toolchain',
      comment:
        'by a path that is computed at run time (bootstrap/toolchain.ts), since a checkout may come without that folder',
      severity: 'error',
      from: { pathNot: '^toolchain/' },
      to: { path: '^toolchain/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^coverage/|^toolchain/test/program/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
