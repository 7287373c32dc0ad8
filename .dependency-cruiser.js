// The doors between the rooms, as docs/architecture.md draws them. `npm run lint` checks them; test/unit/rooms.test.ts plants
// imports that must fail.

/** What each room may import beside itself and npm packages. A room that is not here fails. */
export const DOORS = {
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

/** Tests import what they test, and helpers; nothing imports tests but tests. */
const TESTS = ['^test/', '^toolchain/test/', '^runtimes/[a-z]+/test/'];
const rooms = Object.keys(DOORS);

/** The domain's floors: each imports those before it. */
const FLOORS = ['schema', 'diagnostics', 'facts', 'plan', 'render', 'checks', 'read'];

/** The only packages that the domain may use; nothing of Node. Clock and environment: eslint.config.js. */
const PURE_PACKAGES = ['zod', 'yaml', 'fastest-levenshtein', 'semver'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circle-of-files', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circle-of-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'product-never-imports-test',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
    ...rooms.map((room) => ({
      name: `door-of-${room}`,
      severity: 'error',
      from: { path: `^${room}/`, pathNot: TESTS },
      to: {
        path: '^[a-z]+/',
        pathNot: ['^node_modules/', ...[room, ...DOORS[room]].map((one) => `^${one}/`)],
        dependencyTypesNot: ['core'],
      },
    })),
    {
      name: 'every-room-has-a-door',
      severity: 'error',
      from: { path: '^[a-z]+/', pathNot: [...TESTS, ...rooms.map((one) => `^${one}/`)] },
      to: {},
    },
    ...FLOORS.map((floor, index) => ({
      name: `floor-of-${floor}`,
      severity: 'error',
      from: { path: `^domain/${floor}/` },
      to: { path: '^domain/', pathNot: FLOORS.slice(0, index + 1).map((one) => `^domain/${one}/`) },
    })),
    ...[
      // A hash of a text is pure; what is random in it ESLint refuses.
      { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
      {
        path: '(^|/)node_modules/',
        pathNot: PURE_PACKAGES.map((name) => `(^|/)node_modules/(@types/)?${name}/`),
      },
    ].map((to) => ({
      name: 'domain-is-pure',
      comment: 'no file, no process, no network, no Pulumi: texts and dates are arguments',
      severity: 'error',
      from: { path: '^domain/' },
      to,
    })),
    {
      name: 'only-bootstrap-knows-toolchain',
      comment:
        'by a path that is worked out at run time (bootstrap/toolchain.ts): a copy may come without that folder',
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
