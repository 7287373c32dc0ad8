/** The outputs that commands read: this release writes and reads them, reads those of the previous release, and refuses those of a later one. */
import { describe, expect, test } from '@jest/globals';
import { unlessRefused } from '../../../console/errors.ts';
import {
  type RawOutputs,
  type Read,
  readBasics,
  readClient,
  readGeneration,
  readPlan,
} from '../../../domain/read/outputs-reader.ts';
import { OUTPUTS_VERSION } from '../../../domain/schema/outputs-schema.ts';
import { stackPlan } from '../../../stacks/container-files.ts';
import { shippedInputs, shippedOutputs } from '../../harness/client-of.ts';

const CANARIES = ['canary-groq-51d0', 'canary-portkey-77aa', 'canary-master-9c3e'];
const options = {
  keys: { GROQ_API_KEY: CANARIES[0]!, PORTKEY_API_KEY: CANARIES[1]! },
  masterKey: CANARIES[2]!,
  settings: { portkey: { configs: { auto: 'pc-auto' }, defaultFallback: true } },
};
const { keyNames, ...rest } = shippedInputs(options);
const plan = stackPlan({ ...rest, keyNames: [...keyNames] });
const { client, clientFiles } = shippedOutputs(options);

/** The outputs as Pulumi returns them. */
const stored = (outputs: RawOutputs): RawOutputs => JSON.parse(JSON.stringify(outputs)) as RawOutputs;
const outputs = stored({ client, clientFiles, plan, masterKeyGeneration: 3 });

/** The output `client` as it is read: `probes` are called smokeTargets. */
const { probes: smokeTargets, ...others } = client;
const metadata = stored({ ...others, smokeTargets });

/** The outputs of the previous release: texts in one secret. */
const older = stored({
  clientFiles: { opencode: clientFiles.opencode, auth: clientFiles.auth, guide: clientFiles.guide },
});

function refusal(read: Read<unknown>): Record<string, unknown> {
  if (!('refusal' in read)) throw new Error('it was read');
  return { ...read.refusal };
}

describe('outputs of this release', () => {
  test('are read as they were written', () => {
    expect(unlessRefused(readPlan('dev', outputs))).toEqual(stored({ plan }).plan);
    expect(unlessRefused(readGeneration('dev', outputs))).toBe(3);
    const { config, auth, clientMetadata } = unlessRefused(readClient('dev', outputs));
    expect(config).toEqual(JSON.parse(clientFiles.opencode));
    expect(auth).toEqual(JSON.parse(clientFiles.auth));
    expect(clientMetadata).toEqual(metadata);
  });

  test('hold keys only in the secret one', () => {
    for (const canary of CANARIES) {
      expect(JSON.stringify([client, plan])).not.toContain(canary);
      expect(clientFiles.auth).toContain(canary);
    }
  });

  test('contain what is served: aliases, deployments, chains, prices', () => {
    expect(plan.models['groq-mixtral']).toMatchObject({
      upstreams: ['groq/openai/gpt-oss-20b'],
      deployments: ['groq-mixtral@GROQ_API_KEY'],
      options: { timeout: expect.any(Number), max_input_tokens: expect.any(Number) },
    });
    expect(plan.fallbacks['groq-mixtral']).toContain('portkey-last-resort');
    expect(plan.models.mock?.deployments).toEqual(['mock']);
    expect(plan.settings).toMatchObject({
      drainSeconds: 120,
      maxBodyMb: 32,
      memoryMb: 1536,
      cache: { enabled: true, ttl: 3600, maxMb: 256, requests: 'repeatable' },
      litellm_settings: { cache: false },
    });
  });

  test('may have unknown fields', () => {
    const more = stored({
      clientFiles: { ...clientFiles, more: 1 },
      client: { ...client, more: 1, providers: client.providers.map((one) => ({ ...one, more: 1 })) },
      plan: { ...plan, more: 1 },
    });
    expect(readClient('dev', more)).toEqual(readClient('dev', outputs));
    expect(readPlan('dev', more)).toEqual(readPlan('dev', outputs));
  });
});

describe('outputs of the previous release', () => {
  test('are read; they have no lanes', () => {
    const { clientMetadata, ...files } = unlessRefused(readClient('unit', older));
    expect(clientMetadata).toEqual({ ...metadata, lanes: undefined, keys: undefined });
    expect({ ...files, clientMetadata: metadata }).toEqual(unlessRefused(readClient('unit', outputs)));
    expect(unlessRefused(readPlan('dev', older))).toBeUndefined();
    expect(unlessRefused(readGeneration('dev', older))).toBeUndefined();
  });
});

describe('outputs of a later release', () => {
  const next = { version: OUTPUTS_VERSION + 1 };
  test.each([
    ['plan', readPlan('dev', { ...outputs, plan: next })],
    ['client', readClient('dev', { ...outputs, client: next })],
    ['clientFiles', readClient('dev', { ...outputs, clientFiles: next })],
  ])('are refused: %s', (name, read) => {
    expect(refusal(read)).toEqual({
      message: 'stack dev was deployed by a newer Switchyard: update this checkout',
      found: `version 2 of the output ${name}; this checkout reads 1`,
      command: 'git pull',
    });
  });
});

describe('other outputs are refused, with the path and without the value', () => {
  const key = 'canary-in-the-wrong-field';
  test.each([
    ['no JSON', { ...older.clientFiles!, auth: key }, 'clientFiles.auth: not valid JSON'],
    [
      'a wrong field',
      { ...older.clientFiles!, auth: `{"x":{"type":"api","key":["${key}"]}}` },
      'clientFiles.auth.x.key: ',
    ],
    ['no texts', [key], 'clientFiles: '],
    ['no guide', { opencode: clientFiles.opencode, auth: clientFiles.auth }, 'clientFiles.guide: '],
    ['a broken guide', { ...older.clientFiles!, guide: '[]' }, 'clientFiles.guide: '],
  ])('%s', (_, files, found) => {
    const said = refusal(readClient('dev', { clientFiles: files }));
    expect(said).toMatchObject({
      message: 'this Switchyard cannot read the outputs of stack dev',
      command: './switchyard up dev',
    });
    expect(said.found).toEqual(expect.stringContaining(found));
    expect(JSON.stringify(said)).not.toContain('canary');
  });

  test.each([
    ['a plan', readPlan('dev', { plan: { ...plan, models: [] } }), 'plan.models: '],
    ['a generation', readGeneration('dev', { masterKeyGeneration: 0 }), 'masterKeyGeneration: '],
    ['an endpoint', readBasics('dev', { endpoint: 1 }), 'outputs.endpoint: '],
  ])('%s', (_, read, found) => {
    expect(refusal(read).found).toEqual(expect.stringContaining(found));
  });
});

test('a stack without outputs is not deployed', () => {
  expect(refusal(readClient('dev', {}))).toEqual({
    message: 'stack dev has no client files: it is not deployed',
    command: './switchyard up dev',
  });
  expect(refusal(readBasics('dev', {}))).toEqual({
    message: 'stack dev is not deployed',
    command: './switchyard up dev',
  });
});
