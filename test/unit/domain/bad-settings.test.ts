/**
 * Bad settings and the exact messages about them. Each case is the text below `config:` in Pulumi.dev.yaml.
 */
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { formatProblems, hasErrors } from '../../../domain/diagnostics/problems.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { checkPorts } from '../../../domain/checks/settings-checks.ts';
import { fileLeaks, readStackFile } from '../../../domain/diagnostics/settings-source.ts';
import { asPulumi } from './as-pulumi.ts';
import { SMALL } from './small.ts';

const SETTINGS =
  "port, bind, production, mock, replicas, memoryMb, drainSeconds, queueTimeoutSeconds, maxBodyMb, cors, image, masterKey, keys, budgets, client, portkey, baseUrls, ledger, keyAge, and the providers' keys as secrets";
const TAKE_OUT =
  'take it out, revoke it if the file was ever shared or committed, and set the new one: pulumi config set --secret';
const DIGEST = '0a'.repeat(32);

/** The mistake, the settings, and the message. */
const CASES: [name: string, lines: string, expected: string][] = [
  [
    'an unknown setting',
    `  switchyard:prot: 4000
`,
    `Pulumi.dev.yaml:1:1 config.switchyard:port: required, but missing: The port on this machine that the gateway listens on.
    pulumi config set port 4000 --stack dev
Pulumi.dev.yaml:2:3 config.switchyard:prot: unknown setting; did you mean "port"? allowed: ${SETTINGS}
    pulumi config rm prot --stack dev`,
  ],
  [
    'an unknown setting that is similar to no other',
    `  switchyard:colour: red
`,
    `Pulumi.dev.yaml:1:1 config.switchyard:port: required, but missing: The port on this machine that the gateway listens on.
    pulumi config set port 4000 --stack dev
Pulumi.dev.yaml:2:3 config.switchyard:colour: unknown setting; allowed: ${SETTINGS}
    pulumi config rm colour --stack dev`,
  ],
  [
    'a missing port',
    '',
    `Pulumi.dev.yaml:1:1 config.switchyard:port: required, but missing: The port on this machine that the gateway listens on.
    pulumi config set port 4000 --stack dev`,
  ],
  [
    'a port in words',
    `  switchyard:port: http
`,
    `Pulumi.dev.yaml:2:20 config.switchyard:port: found "http"; expected a whole number from 1 to 65535
    pulumi config set port 4000 --stack dev`,
  ],
  [
    'a port out of range',
    `  switchyard:port: 70000
`,
    `Pulumi.dev.yaml:2:20 config.switchyard:port: found 70000; expected a whole number from 1 to 65535
    pulumi config set port 4000 --stack dev`,
  ],
  [
    'a fraction of a port',
    `  switchyard:port: 4000.5
`,
    `Pulumi.dev.yaml:2:20 config.switchyard:port: found 4000.5; expected a whole number from 1 to 65535
    pulumi config set port 4000 --stack dev`,
  ],
  [
    'a misspelt namespace',
    `  switchyard:port: 4000
  swichyard:replicas: 2
`,
    'Pulumi.dev.yaml:3:3 config.swichyard:replicas: unknown namespace "swichyard"; did you mean "switchyard:replicas"?',
  ],
  [
    'an invalid address',
    `  switchyard:port: 4000
  switchyard:bind: localhost
`,
    `Pulumi.dev.yaml:3:20 config.switchyard:bind: found "localhost"; expected an IPv4 address, e.g. 127.0.0.1
    pulumi config set bind … --stack dev`,
  ],
  [
    'an address that accepts other machines',
    `  switchyard:port: 4000
  switchyard:bind: 0.0.0.0
`,
    'Pulumi.dev.yaml:3:20 warning: config.switchyard:bind: 0.0.0.0 accepts connections from other machines over plain HTTP; 127.0.0.1 accepts only local ones',
  ],
  [
    'an origin with a path',
    `  switchyard:port: 4000
  switchyard:cors: { origins: [https://app.example/] }
`,
    `Pulumi.dev.yaml:3:32 config.switchyard:cors.origins[0]: found "https://app.example/"; expected an origin without a path, e.g. https://app.example, or "*" for all
    pulumi config set --path 'cors.origins[0]' … --stack dev`,
  ],
  [
    'a virtual key for a model and a lane that do not exist',
    `  switchyard:port: 4000
  switchyard:keys:
    alice: { models: [mock, gpt-44], lanes: [cheep] }
`,
    `Pulumi.dev.yaml:4:29 config.switchyard:keys.alice.models[1]: no such model: "gpt-44"; allowed: big, fast, other, embed, mock
Pulumi.dev.yaml:4:46 config.switchyard:keys.alice.lanes[0]: no such lane of the gateway: "cheep"; allowed: none`,
  ],
  [
    'a virtual key with a reserved name, and one with capital letters',
    `  switchyard:port: 4000
  switchyard:keys:
    master: {}
    Alice: {}
`,
    `Pulumi.dev.yaml:4:5 keys.master: the name is not allowed: this name is reserved: choose another one
Pulumi.dev.yaml:5:5 keys.Alice: the name is not allowed: expected a name of 1 to 40 small letters, digits, - and _, e.g. alice-laptop`,
  ],
  [
    'a virtual key with an unknown field, an invalid time, no models, and a value before the first',
    `  switchyard:port: 4000
  switchyard:keys:
    alice: { expires: tomorrow }
    bob: { models: [] }
    carol: { model: [mock] }
    dave: { previousUntil: 2026-12-01T00:00:00Z }
`,
    `Pulumi.dev.yaml:4:23 config.switchyard:keys.alice.expires: found "tomorrow"; expected a time: 2026-11-25T12:00:00Z
    pulumi config set --path 'keys.alice.expires' … --stack dev
Pulumi.dev.yaml:5:20 config.switchyard:keys.bob.models: found []; expected at least one entry
    pulumi config set --path 'keys.bob.models' … --stack dev
Pulumi.dev.yaml:6:14 config.switchyard:keys.carol.model: unknown key; did you mean "models"? allowed here: owner, models, lanes, budget, requestsPerMinute, tokensPerMinute, parallelRequests, expires, generation, previousUntil
Pulumi.dev.yaml:7:28 config.switchyard:keys.dave.previousUntil: there is no value before generation 1
    pulumi config rm --path 'keys.dave.previousUntil' --stack dev`,
  ],
  [
    'production in words',
    `  switchyard:port: 4000
  switchyard:production: yes
`,
    `Pulumi.dev.yaml:3:26 config.switchyard:production: found "yes"; allowed: true, false
    pulumi config set production … --stack dev`,
  ],
  [
    'the mock in production',
    `  switchyard:port: 4000
  switchyard:production: true
  switchyard:mock: true
`,
    `Pulumi.dev.yaml:4:20 config.switchyard:mock: the mock model is forbidden in production
    pulumi config rm mock --stack dev`,
  ],
  [
    'no replica',
    `  switchyard:port: 4000
  switchyard:replicas: 0
`,
    `Pulumi.dev.yaml:3:24 config.switchyard:replicas: found 0; expected a whole number from 1 to 8
    pulumi config set replicas … --stack dev`,
  ],
  [
    'too many replicas',
    `  switchyard:port: 4000
  switchyard:replicas: 9
`,
    `Pulumi.dev.yaml:3:24 config.switchyard:replicas: found 9; expected a whole number from 1 to 8
    pulumi config set replicas … --stack dev`,
  ],
  [
    'too little memory',
    `  switchyard:port: 4000
  switchyard:memoryMb: 64
`,
    `Pulumi.dev.yaml:3:24 config.switchyard:memoryMb: found 64; expected a whole number of MiB from 512 to 65536
    pulumi config set memoryMb … --stack dev`,
  ],
  [
    'an image as a text',
    `  switchyard:port: 4000
  switchyard:image: litellm:latest
`,
    'Pulumi.dev.yaml:3:21 config.switchyard:image: found "litellm:latest"; expected a mapping with: ref, version',
  ],
  [
    'an image without a digest',
    `  switchyard:port: 4000
  switchyard:production: true
  switchyard:image:
    ref: ghcr.io/berriai/litellm:main-stable
    version: 1.106.10
`,
    `Pulumi.dev.yaml:5:10 config.switchyard:image.ref: found "ghcr.io/berriai/litellm:main-stable"; expected an image with its digest: name@sha256:<64 hex digits>
    pulumi config set --path 'image.ref' … --stack dev`,
  ],
  [
    'an image without a version',
    `  switchyard:port: 4000
  switchyard:image:
    ref: litellm@sha256:${DIGEST}
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:image.version: required, but missing: LiteLLM's version in it, checked against the known bad releases.
    pulumi config set --path 'image.version' … --stack dev`,
  ],
  [
    'a compromised image',
    `  switchyard:port: 4000
  switchyard:image:
    ref: litellm@sha256:${DIGEST}
    version: 1.82.8
`,
    'Pulumi.dev.yaml:5:14 config.switchyard:image.version: LiteLLM 1.82.8 is refused: compromised: the release carried malware that stole credentials (PYSEC-2026-2, https://github.com/BerriAI/litellm/issues/24512)',
  ],
  [
    'a vulnerable image',
    `  switchyard:port: 4000
  switchyard:image:
    ref: litellm@sha256:${DIGEST}
    version: 1.83.0
`,
    'Pulumi.dev.yaml:5:14 config.switchyard:image.version: LiteLLM 1.83.0 is refused: SQL injection before authentication (CVE-2026-42208)',
  ],
  [
    'an unknown key of a mapping',
    `  switchyard:port: 4000
  switchyard:masterKey:
    generatoin: 2
`,
    'Pulumi.dev.yaml:4:5 config.switchyard:masterKey.generatoin: unknown key; did you mean "generation"? allowed here: generation, previousUntil',
  ],
  [
    'a generation in words',
    `  switchyard:port: 4000
  switchyard:masterKey:
    generation: two
`,
    `Pulumi.dev.yaml:4:17 config.switchyard:masterKey.generation: found "two"; expected a whole number from 1 to 1000000
    pulumi config set --path 'masterKey.generation' … --stack dev`,
  ],
  [
    'a previous key before the first generation',
    `  switchyard:port: 4000
  switchyard:masterKey:
    previousUntil: 2026-11-25T12:00:00Z
`,
    `Pulumi.dev.yaml:4:20 config.switchyard:masterKey.previousUntil: there is no key before generation 1
    pulumi config set --path 'masterKey.generation' 2 --stack dev`,
  ],
  [
    'a day for a time',
    `  switchyard:port: 4000
  switchyard:masterKey:
    generation: 2
    previousUntil: 2026-11-25
`,
    `Pulumi.dev.yaml:5:20 config.switchyard:masterKey.previousUntil: found "2026-11-25"; expected a time: 2026-11-25T12:00:00Z
    pulumi config set --path 'masterKey.previousUntil' … --stack dev`,
  ],
  [
    'ages in the wrong order',
    `  switchyard:port: 4000
  switchyard:keyAge:
    warnDays: 100
`,
    'Pulumi.dev.yaml:4:15 config.switchyard:keyAge.warnDays: 100 days exceeds keyAge.rotateDays (90)',
  ],
  [
    'a direct client of an unknown provider',
    `  switchyard:port: 4000
  switchyard:client:
    direct: [opnai]
`,
    'Pulumi.dev.yaml:4:14 config.switchyard:client.direct[0]: no such direct provider: "opnai"; did you mean "openai"? allowed: openai',
  ],
  [
    'a direct client that opencode cannot call',
    `  switchyard:port: 4000
  switchyard:client:
    direct: [openai, groq]
`,
    'Pulumi.dev.yaml:4:22 config.switchyard:client.direct[1]: no such direct provider: "groq"; allowed: openai',
  ],
  [
    'a word for all',
    `  switchyard:port: 4000
  switchyard:client:
    direct: none
`,
    `Pulumi.dev.yaml:4:13 config.switchyard:client.direct: found "none"; allowed: "all" or a list of providers
    pulumi config set --path 'client.direct' … --stack dev`,
  ],
  [
    'an unknown mode of Portkey',
    `  switchyard:port: 4000
  switchyard:portkey:
    mode: clod
`,
    `Pulumi.dev.yaml:4:11 config.switchyard:portkey.mode: found "clod"; allowed: cloud, local, off; did you mean "cloud"?
    pulumi config set --path 'portkey.mode' … --stack dev`,
  ],
  [
    'a config of an unknown route',
    `  switchyard:port: 4000
  switchyard:portkey:
    configs: { atuo: pc-1234 }
`,
    'Pulumi.dev.yaml:4:22 config.switchyard:portkey.configs.atuo: no such route: "atuo"; did you mean "auto"? allowed: auto',
  ],
  [
    'an invalid config id',
    `  switchyard:port: 4000
  switchyard:portkey:
    configs: { auto: saved }
`,
    `Pulumi.dev.yaml:4:22 config.switchyard:portkey.configs.auto: found "saved"; expected the id of a saved config: pc-…
    pulumi config set --path 'portkey.configs.auto' … --stack dev`,
  ],
  [
    'a default fallback that is off',
    `  switchyard:port: 4000
  switchyard:portkey:
    mode: "off"
    defaultFallback: true
`,
    `Pulumi.dev.yaml:5:22 config.switchyard:portkey.defaultFallback: the default fallback is Portkey, but portkey.mode is off
    pulumi config set --path 'portkey.mode' cloud --stack dev`,
  ],
  [
    'a default fallback without a config',
    `  switchyard:port: 4000
  switchyard:portkey:
    defaultFallback: true
`,
    `Pulumi.dev.yaml:4:22 config.switchyard:portkey.defaultFallback: the default fallback is the route "auto", but its saved config is not set
    pulumi config set --path 'portkey.configs.auto' pc-… --stack dev`,
  ],
  [
    'an address of an unknown provider',
    `  switchyard:port: 4000
  switchyard:baseUrls:
    opnai: http://127.0.0.1:9
`,
    'Pulumi.dev.yaml:4:12 config.switchyard:baseUrls.opnai: no such provider: "opnai"; did you mean "openai"? allowed: openai, groq, portkey',
  ],
  [
    'an address that is no URL',
    `  switchyard:port: 4000
  switchyard:baseUrls:
    openai: 127.0.0.1
`,
    `Pulumi.dev.yaml:4:13 config.switchyard:baseUrls.openai: found "127.0.0.1"; expected a URL: http(s)://host/path, without user, query or fragment
    pulumi config set --path 'baseUrls.openai' … --stack dev`,
  ],
  [
    'a misspelt key of an address',
    `  switchyard:port: 4000
  switchyard:baseUrls:
    openai: { gatway: http://127.0.0.1:9 }
`,
    'Pulumi.dev.yaml:4:15 config.switchyard:baseUrls.openai.gatway: unknown key; did you mean "gateway"? allowed here: gateway, client',
  ],
  [
    'an address that means the container itself',
    `  switchyard:port: 4000
  switchyard:baseUrls:
    openai: { gateway: 'http://[::1]:8000/v1', client: 'http://[::1]:8000/v1' }
    groq: http://localhost:11434/v1
`,
    `Pulumi.dev.yaml:4:24 config.switchyard:baseUrls.openai.gateway: in a container [::1] is the container itself, not this machine; allowed: http://host.docker.internal:8000/v1; the server must accept connections from containers: see docs/local-models.md
    pulumi config set --path 'baseUrls.openai.gateway' http://host.docker.internal:8000/v1 --stack dev
Pulumi.dev.yaml:5:11 config.switchyard:baseUrls.groq: in a container localhost is the container itself, not this machine; allowed: http://host.docker.internal:11434/v1; the server must accept connections from containers: see docs/local-models.md
    write { gateway: http://host.docker.internal:11434/v1, client: http://localhost:11434/v1 }`,
  ],
  [
    'a drain shorter than a request',
    `  switchyard:port: 4000
  switchyard:drainSeconds: 10
`,
    "Pulumi.dev.yaml:3:28 warning: config.switchyard:drainSeconds: 10 s is less than the catalogue's limits.requestTimeout (120 s): a replacement may cut off a request",
  ],
  [
    'a key in plain text',
    `  switchyard:port: 4000
  switchyard:GROQ_API_KEY: gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:GROQ_API_KEY: a provider's key in plain text (not shown); keys may only be stored as secrets
    pulumi config set --secret GROQ_API_KEY --stack dev`,
  ],
  [
    'a key in plain text that does not look like one',
    `  switchyard:port: 4000
  switchyard:OPENAI_API_KEY_2: 5ecretive
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:OPENAI_API_KEY_2: a provider's key in plain text (not shown); keys may only be stored as secrets
    pulumi config set --secret OPENAI_API_KEY_2 --stack dev`,
  ],
  [
    'a misspelt provider key',
    `  switchyard:port: 4000
  switchyard:GROK_API_KEY:
    secure: v1:AAAA
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:GROK_API_KEY: unknown provider key; did you mean "GROQ_API_KEY"? allowed: OPENAI_API_KEY, GROQ_API_KEY, PORTKEY_API_KEY
    pulumi config rm GROK_API_KEY --stack dev && pulumi config set --secret GROQ_API_KEY --stack dev`,
  ],
  [
    'a key of no provider',
    `  switchyard:port: 4000
  switchyard:ACME_API_KEY:
    secure: v1:AAAA
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:ACME_API_KEY: unknown provider key; allowed: OPENAI_API_KEY, GROQ_API_KEY, PORTKEY_API_KEY
    pulumi config rm ACME_API_KEY --stack dev`,
  ],
  [
    'a tenth key',
    `  switchyard:port: 4000
  switchyard:OPENAI_API_KEY_10:
    secure: v1:AAAA
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:OPENAI_API_KEY_10: unknown provider key; further keys are numbered _2 to _9; allowed: OPENAI_API_KEY, GROQ_API_KEY, PORTKEY_API_KEY
    pulumi config rm OPENAI_API_KEY_10 --stack dev`,
  ],
  [
    'a first key with a number',
    `  switchyard:port: 4000
  switchyard:OPENAI_API_KEY_1:
    secure: v1:AAAA
`,
    `Pulumi.dev.yaml:3:3 config.switchyard:OPENAI_API_KEY_1: unknown provider key; further keys are numbered _2 to _9; allowed: OPENAI_API_KEY, GROQ_API_KEY, PORTKEY_API_KEY
    pulumi config rm OPENAI_API_KEY_1 --stack dev`,
  ],
  [
    'a key in another setting',
    `  switchyard:port: 4000
  switchyard:bind: gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH
`,
    `Pulumi.dev.yaml:3:20 config.switchyard:bind: found (hidden: it looks like a key); expected an IPv4 address, e.g. 127.0.0.1
    pulumi config set bind … --stack dev
Pulumi.dev.yaml:3:20 this looks like a key of Groq; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} GROQ_API_KEY`,
  ],
  [
    'a key in a comment',
    `  switchyard:port: 4000 # gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH
`,
    `Pulumi.dev.yaml:2:27 this looks like a key of Groq; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} GROQ_API_KEY`,
  ],
  [
    'a setting as a secret',
    `  switchyard:port:
    secure: v1:AAAA
`,
    `Pulumi.dev.yaml:2:3 config.switchyard:port: this setting must not be a secret
    pulumi config set port … --plaintext --stack dev`,
  ],
  [
    'everything at once',
    `  switchyard:prot: 4000
  switchyard:replicas: 0
  switchyard:GROK_API_KEY:
    secure: v1:AAAA
  switchyard:portkey: { mode: clod }
`,
    `Pulumi.dev.yaml:1:1 config.switchyard:port: required, but missing: The port on this machine that the gateway listens on.
    pulumi config set port 4000 --stack dev
Pulumi.dev.yaml:2:3 config.switchyard:prot: unknown setting; did you mean "port"? allowed: ${SETTINGS}
    pulumi config rm prot --stack dev
Pulumi.dev.yaml:3:24 config.switchyard:replicas: found 0; expected a whole number from 1 to 8
    pulumi config set replicas … --stack dev
Pulumi.dev.yaml:4:3 config.switchyard:GROK_API_KEY: unknown provider key; did you mean "GROQ_API_KEY"? allowed: OPENAI_API_KEY, GROQ_API_KEY, PORTKEY_API_KEY
    pulumi config rm GROK_API_KEY --stack dev && pulumi config set --secret GROQ_API_KEY --stack dev
Pulumi.dev.yaml:6:31 config.switchyard:portkey.mode: found "clod"; allowed: cloud, local, off; did you mean "cloud"?
    pulumi config set --path 'portkey.mode' … --stack dev`,
  ],
];

const { catalog } = parseCatalog(SMALL, 'c.yaml');

/** Reads settings as the program does: the values from Pulumi, line and column from the file. */
function read(lines: string, stack = 'dev') {
  const text = `config:\n${lines}`;
  return parseSettings({
    ...asPulumi(text),
    stack,
    file: { path: `Pulumi.${stack}.yaml`, text },
    ...(catalog ? { catalog } : {}),
  });
}

describe('bad settings', () => {
  test.each(CASES)('%s', (_name, lines, expected) => {
    const { settings, problems } = read(lines);
    expect(formatProblems(problems)).toBe(expected);
    expect(settings === undefined).toBe(hasErrors(problems));
    expect(expected).not.toBe('');
  });

  test('the command for a route with a dot in its name sets that route', () => {
    const dotted = parseCatalog(SMALL.replace(/\bauto\b/g, 'auto.v2'), 'c.yaml').catalog!;
    const config = { port: '4000', portkey: '{"mode":"cloud","defaultFallback":true}' };
    const { problems } = parseSettings({
      config,
      secretKeys: ['PORTKEY_API_KEY'],
      stack: 'dev',
      catalog: dotted,
    });
    expect(problems.map(({ fix }) => fix)).toEqual([
      `pulumi config set --path 'portkey.configs["auto.v2"]' pc-… --stack dev`,
    ]);
  });

  test('no message repeats a key', () => {
    for (const [, lines] of CASES) {
      const said = formatProblems(read(lines).problems);
      expect(said).not.toMatch(/gsk_abcdef|5ecretive/);
    }
  });

  test('without the file messages have no line, and a key in a value is still found', () => {
    const config = { port: '4000', bind: 'gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH' };
    const { problems } = parseSettings({
      config,
      secretKeys: [],
      stack: 'dev',
      ...(catalog ? { catalog } : {}),
    });
    expect(formatProblems(problems))
      .toBe(`Pulumi.dev.yaml config.switchyard:bind: found (hidden: it looks like a key); expected an IPv4 address, e.g. 127.0.0.1
    pulumi config set bind … --stack dev
Pulumi.dev.yaml config.switchyard:bind: this looks like a key of Groq; keys are only ever kept as Pulumi secrets
    ${TAKE_OUT} GROQ_API_KEY`);
  });

  test.each([
    ['the same port', 'switchyard:port: 4000', true],
    ['the same port without the namespace', 'port: 4000', true],
    ['the same port on every address', 'switchyard:port: 4000\n  switchyard:bind: 0.0.0.0', true],
    ['the same port on another address', 'switchyard:port: 4000\n  switchyard:bind: 127.0.0.2', false],
    ['another port', 'switchyard:port: 4100', false],
    ['no port', 'switchyard:mock: true', false],
  ])('another stack with %s', (_name, theirs, clash) => {
    const { settings, source } = read('  switchyard:port: 4000\n');
    if (settings === undefined) throw new Error('these are good');
    const others = [{ stack: 'prod', path: 'Pulumi.prod.yaml', text: `config:\n  ${theirs}\n` }];
    expect(formatProblems(checkPorts(settings, source, others))).toBe(
      clash
        ? `Pulumi.dev.yaml:2:20 config.switchyard:port: port 4000 is already used by the stack prod (Pulumi.prod.yaml)
    pulumi config set port 4100 --stack dev`
        : '',
    );
  });
});

describe('good settings', () => {
  test('have defaults that depend on each other', () => {
    expect(read('  switchyard:port: 4000\n').settings).toMatchObject({
      stack: 'dev',
      mock: true,
      replicas: 1,
    });
    const prod = read('  switchyard:port: 4100\n  switchyard:production: true\n', 'prod').settings;
    expect(prod).toMatchObject({ stack: 'prod', mock: false, replicas: 2 });
  });

  test('include the names of all keys that are set, also of additional ones', () => {
    const secrets = ['GROQ_API_KEY', 'OPENAI_API_KEY_2', 'OPENAI_API_KEY'];
    const lines = secrets.map((name) => `  switchyard:${name}:\n    secure: v1:AAAA:BBBB\n`).join('');
    const { keyNames, problems } = read(`  switchyard:port: 4000\n${lines}`);
    expect(problems).toEqual([]);
    expect(keyNames).toEqual(['GROQ_API_KEY', 'OPENAI_API_KEY', 'OPENAI_API_KEY_2']);
  });

  test('may contain whole objects', () => {
    const lines = `  switchyard:port: 4000
  switchyard:masterKey: { generation: 3, previousUntil: 2026-11-25T12:00:00Z }
  switchyard:client: { direct: [openai] }
  switchyard:baseUrls: { openai: { gateway: http://10.0.0.1/v1 } }
`;
    const { settings, problems } = read(lines);
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      masterKey: { generation: 3, previousUntil: '2026-11-25T12:00:00Z' },
      client: { direct: ['openai'] },
      baseUrls: { openai: { gateway: 'http://10.0.0.1/v1' } },
    });
  });

  describe('the value of a key, which the program knows', () => {
    const text = 'config:\n  switchyard:port: 4000\n  switchyard:GROQ_API_KEY:\n    secure: v1:AAAA\n';
    const withKey = (value: string) =>
      parseSettings({
        config: { port: '4000', GROQ_API_KEY: value },
        secretKeys: ['GROQ_API_KEY'],
        stack: 'dev',
        file: { path: 'Pulumi.dev.yaml', text },
        ...(catalog ? { catalog } : {}),
      });

    const SET = 'pulumi config set --secret GROQ_API_KEY --stack dev';

    test.each([
      [
        '\uFEFFgsk_secretive',
        'contains a byte order mark (U+FEFF), which no key has: a header cannot carry it',
        SET,
      ],
      ['gsk_secretive\n', 'contains a line break (U+000A), which no key has: a header cannot carry it', SET],
      ['your-secretive-key', 'looks like a placeholder, like your-key-here', SET],
      ['op://secretive/groq/key', 'is a reference to 1Password, not a key', `op read 'op://…' | ${SET}`],
      ['', 'is empty', SET],
      ['short', 'is not long enough: 8 is the least', SET],
      [
        'secret',
        'looks like a placeholder, like your-key-here',
        './switchyard keys import <an env file> dev',
      ],
    ])('is refused: %j', (value, message, fix) => {
      const { settings, problems } = withKey(value);
      expect(settings).toBeUndefined();
      expect(formatProblems(problems)).toBe(
        `Pulumi.dev.yaml:3:3 config.switchyard:GROQ_API_KEY: the value ${message}\n    ${fix}`,
      );
    });

    test('in the format of another provider gets a warning', () => {
      const { settings, problems } = withKey(`sk-${'k9'.repeat(20)}`);
      expect(settings).toBeDefined();
      expect(formatProblems(problems)).toBe(
        `Pulumi.dev.yaml:3:3 warning: config.switchyard:GROQ_API_KEY: the value looks like a key of OpenAI, but is sent to Groq
    ${SET}`,
      );
    });

    test.each([`gsk_${'a1B2'.repeat(13)}`, 'some-key-of-a-proxy-77'])('is accepted: %s', (value) => {
      expect(withKey(value).problems).toEqual([]);
    });
  });

  describe('ciphertext', () => {
    const leaks = (text: string, pattern: string) =>
      fileLeaks(readStackFile('Pulumi.dev.yaml', text).source, [
        { name: 'Groq', key: 'GROQ_API_KEY', pattern },
      ]);

    test.each([
      '    secure: v1:AAAA:KEY0KEY1KEY2==',
      '  switchyard:GROQ_API_KEY: { secure: v1:AAAA:KEY0KEY1KEY2 }',
      '  switchyard:GROQ_API_KEY: { secure: "v1:AAAA:KEY0KEY1KEY2" }',
      'encryptionsalt: v1:AAAA:v1:BBBB:KEY0KEY1KEY2',
      `encryptedkey: ${'A'.repeat(60)}KEY0KEY1KEY2==`,
    ])('does not count as a key, even if it matches a pattern: %s', (line) => {
      expect(leaks(`${line}\n`, 'KEY0KEY1KEY2')).toEqual([]);
    });

    test.each([
      '    secure: gsk_KEY0KEY1KEY2',
      '    secure: v1:AAAA:BBBB # old: gsk_KEY0KEY1KEY2',
      '  switchyard:GROQ_API_KEY: { secure: v1:AAAA:BBBB } # gsk_KEY0KEY1KEY2',
      '  switchyard:port: 4000 # not-secure: gsk_KEY0KEY1KEY2',
      'encryptedkey: gsk_KEY0KEY1KEY2',
    ])('is only the value itself; a key beside it is found: %s', (line) => {
      expect(leaks(`${line}\n`, 'gsk_KEY0KEY1KEY2')).toMatchObject([
        { line: 1, column: line.indexOf('gsk_') + 1 },
      ]);
    });
  });
});
