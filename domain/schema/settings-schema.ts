/** The schema of a stack's settings: everything under `switchyard:` in `Pulumi.<stack>.yaml`, except secrets. */
import { z } from 'zod';
import { inUnit } from './units.ts';
import { MAX_REPLICAS } from './edge-limits.ts';
import { url } from './catalog-schema.ts';
import { keyLimits, stackBudgetsSchema } from './limits-schema.ts';

const count = (min: number, max: number) => z.int().min(min).max(max);
const instant = z.iso.datetime({ error: 'expected a time: 2026-11-25T12:00:00Z' });

/** The names of the keys that every stack has, and the ending of a key's previous value. */
export const RESERVED_KEY_NAMES = /^(master|gateway)$|-previous$/;

/** The name of a virtual key. */
export const keyNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, {
    error: 'expected a name of 1 to 40 small letters, digits, - and _, e.g. alice-laptop',
  })
  .refine((alias) => !RESERVED_KEY_NAMES.test(alias), { error: 'this name is reserved: choose another one' });

const virtualKeySchema = z.strictObject({
  owner: z.string().min(1).max(100).optional().describe('Who uses it: a name or an address, for people.'),
  models: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(500)
    .optional()
    .describe('The aliases that it may use. Default: all, or those of `lanes`.'),
  lanes: z
    .array(z.string().min(1).max(40))
    .min(1)
    .max(40)
    .optional()
    .describe('The lanes of the gateway whose models it may use, in addition to `models`.'),
  ...keyLimits,
  expires: instant.optional().describe('The time from which it is refused. Default: never.'),
  generation: count(1, 1_000_000).default(1).describe('Increase it by one for a new value.'),
  previousUntil: instant.optional().describe('The time until which the previous value is accepted.'),
});

/** All settings. Parts of objects are set in the file, or by `pulumi config set --path`. */
export const settingsSchema = z.strictObject({
  port: count(1, 65535).describe('The port on this machine that the gateway listens on.'),
  bind: z
    .ipv4({ error: 'expected an IPv4 address, e.g. 127.0.0.1' })
    .default('127.0.0.1')
    .describe('The address it listens on; 127.0.0.1 accepts only local connections.'),
  production: z.boolean().default(false).describe('No mock model, no unpinned image, two replicas.'),
  mock: z
    .boolean()
    .optional()
    .describe(
      'Serve the alias "mock", which answers without an account at any provider. Default: not in production.',
    ),
  replicas: count(1, MAX_REPLICAS)
    .optional()
    .describe('Number of gateways. Default: 2 in production, else 1.'),
  memoryMb: inUnit('MiB', count(512, 65536)).default(1536).describe('Memory limit of each gateway, in MiB.'),
  drainSeconds: inUnit('seconds', count(1, 3600))
    .default(120)
    .describe('How long a gateway that is being replaced may continue its requests.'),
  queueTimeoutSeconds: inUnit('seconds', count(1, 600))
    .default(60)
    .describe('How long the edge queues a request while no gateway is ready.'),
  maxBodyMb: inUnit('MiB', count(1, 1024)).default(32).describe('The largest request, in MiB.'),
  cors: z
    .strictObject({
      origins: z
        .array(
          z.string().regex(/^(\*|https?:\/\/[a-z0-9.-]+(:\d{1,5})?)$/, {
            error: 'expected an origin without a path, e.g. https://app.example, or "*" for all',
          }),
        )
        .max(50)
        .default([])
        .describe('The origins whose pages may call the gateway: https://app.example, or "*" for all.'),
    })
    .prefault({})
    .describe('Access from pages in a browser.'),
  image: z
    .strictObject({
      ref: z
        .string()
        .regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, {
          error: 'expected an image with its digest: name@sha256:<64 hex digits>',
        })
        .describe('A published image, by digest.'),
      version: z
        .string()
        .regex(/^\d+\.\d+\.\d+$/, { error: "expected LiteLLM's version in that image, e.g. 1.106.10" })
        .describe("LiteLLM's version in it, checked against the known bad releases."),
    })
    .optional()
    .describe('A published image instead of the one built here.'),
  masterKey: z
    .strictObject({
      generation: count(1, 1_000_000).default(1).describe('Increase it by one for a new master key.'),
      previousUntil: instant.optional().describe('The time until which the previous key is accepted.'),
    })
    .prefault({})
    .describe("The operator's key; clients have virtual keys."),
  keys: z
    .record(keyNameSchema, virtualKeySchema)
    .default({})
    .describe('Virtual keys for people and agents, by name. They are created by `up`.'),
  budgets: stackBudgetsSchema.prefault({}).describe('What may be spent, beside the budgets of keys.'),
  client: z
    .strictObject({
      direct: z
        .union([z.literal('all'), z.array(z.string().min(1).max(40)).max(30)], {
          error: 'allowed: "all" or a list of providers',
        })
        .default('all')
        .describe("Providers whose keys are written into the client's files."),
    })
    .prefault({})
    .describe("What goes into the clients' files."),
  portkey: z
    .strictObject({
      mode: z
        .enum(['cloud', 'local', 'off'])
        .default('cloud')
        .describe("Portkey's cloud, its open-source gateway in this stack, or neither."),
      configs: z
        .record(
          z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
          z.string().regex(/^pc-[A-Za-z0-9_-]{1,60}$/, { error: 'expected the id of a saved config: pc-…' }),
        )
        .default({})
        .describe('cloud: the saved config of each route, e.g. auto: pc-abc123.'),
      defaultFallback: z
        .boolean()
        .default(false)
        .describe("Add Portkey's first route to the end of every fallback chain of the gateway."),
    })
    .prefault({})
    .describe('Layer 3.'),
  baseUrls: z
    .record(
      z.string().min(1).max(40),
      z.union([url, z.strictObject({ gateway: url.optional(), client: url.optional() })], {
        error: 'allowed: a URL, or {gateway: URL, client: URL}',
      }),
    )
    .default({})
    .describe('Other addresses for providers: a corporate proxy, a test server.'),
  ledger: z
    .strictObject({
      retentionDays: inUnit('days', count(1, 3650))
        .default(90)
        .describe('How long the rows of single requests are kept; their sums ten times as long.'),
      maxMb: inUnit('MiB', count(16, 1_048_576))
        .default(1024)
        .describe('The size of its database above which the oldest rows are removed, in MiB.'),
    })
    .prefault({})
    .describe('The record of requests and costs, on the data volume.'),
  keyAge: z
    .strictObject({
      warnDays: inUnit('days', count(1, 3650)).default(75),
      rotateDays: inUnit('days', count(1, 3650)).default(90),
    })
    .prefault({})
    .describe('The ages of keys at which to warn and to rotate.'),
});

type Parsed = z.output<typeof settingsSchema>;

/** A stack's settings, checked and with all defaults filled in. */
export type Settings = Omit<Parsed, 'mock' | 'replicas'> & { stack: string; mock: boolean; replicas: number };
