import { describe, expect, test } from '@jest/globals';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { formatWarning } from '../../../domain/diagnostics/problems.ts';
import { EngineEvents } from '../../../engine/engine-events.ts';

const CONTAINER = 'docker:index/container:Container';

/** A step of the engine on a resource, in the form in which it is reported. */
function metadata(
  op: string,
  name: string,
  { type = CONTAINER, custom = true }: { type?: string; custom?: boolean | undefined } = {},
) {
  const urn = `urn:pulumi:dev::switchyard::switchyard:index:Switchyard$${type}::${name}`;
  // The engine leaves `custom` out where it is false.
  const state = {
    type,
    urn,
    ...(custom ? { custom } : {}),
    id: 'i',
    parent: '',
    provider: '',
    inputs: {},
    outputs: {},
  };
  return { op, urn, type, provider: '', ...(op.startsWith('delete') ? { old: state } : { new: state }) };
}

function event(kind: string, body: unknown): EngineEvent {
  return { sequence: 0, timestamp: 0, [kind]: body };
}

const begun = (...args: Parameters<typeof metadata>) =>
  event('resourcePreEvent', { metadata: metadata(...args) });
const done = (...args: Parameters<typeof metadata>) =>
  event('resOutputsEvent', { metadata: metadata(...args) });
const said = (severity: string, message: string, more: object = {}) =>
  event('diagnosticEvent', { severity, message, color: 'never', ...more });

describe('progress', () => {
  test('has a line when a resource is begun, and one with its duration when it is done', () => {
    const events = new EngineEvents();
    expect(events.take(begun('create-replacement', 'gateway-0'), 1000)).toBe(
      'creating the new gateway-0 (Container)',
    );
    expect(events.take(done('create-replacement', 'gateway-0'), 13_400)).toBe(
      'created the new gateway-0 (Container) (12 s)',
    );
    expect(events.take(begun('delete-replaced', 'gateway-0'), 13_400)).toBe(
      'removing the old gateway-0 (Container)',
    );
    expect(events.take(done('delete-replaced', 'gateway-0'), 13_500)).toBe(
      'removed the old gateway-0 (Container)',
    );
  });

  test.each([
    ['a resource that stays', begun('same', 'edge')],
    ['the step that stands for a whole replacement', begun('replace', 'edge')],
    ['a component', begun('create', 'switchyard', { type: 'switchyard:index:Switchyard', custom: false })],
    ['a provider', begun('create', 'default', { type: 'pulumi:providers:docker' })],
    ['the end', event('summaryEvent', { resourceChanges: {} })],
    ['an ephemeral message', said('info', 'pulling …', { ephemeral: true })],
    ['an empty message', said('info', '\n')],
    [
      'debug messages: the engine sends them unrequested, and they contain secrets',
      said('debug', 'value,,,aSecret'),
    ],
  ])('has no line for %s', (_, one) => {
    expect(new EngineEvents().take(one)).toBeUndefined();
  });

  test('has a line for a failed operation, with its duration', () => {
    const events = new EngineEvents();
    events.take(begun('create', 'gateway-0'), 0);
    const failed = event('resOpFailedEvent', { metadata: metadata('create', 'gateway-0') });
    expect(events.take(failed, 31_000)).toBe('failed: create gateway-0 (Container) (31 s)');
  });
});

describe('warnings', () => {
  test('are reported once, immediately, with the word "warning" once, and not those about our own plugins', () => {
    const events = new EngineEvents();
    const text = formatWarning({ severity: 'warning', file: 'catalog.yaml', line: 1, column: 2, path: 'a', message: 'b', fix: 'c' }); // prettier-ignore
    const lines = [
      said('warning', 'using pulumi-resource-docker from $PATH at /x\n'),
      said('warning', `<{%reset%}>${text}<{%reset%}>\n`),
      said('warning', `${text}\n`),
    ].map((one) => events.take(one));
    expect(lines).toEqual([undefined, 'warning: catalog.yaml:1:2 a: b\n    c', undefined]);
    expect(events.warnings).toEqual(['catalog.yaml:1:2 a: b\n    c']);
  });
});

describe('errors', () => {
  const errorsOf = (...events: EngineEvent[]): string[] => {
    const gathered = new EngineEvents();
    for (const one of events) expect(gathered.take(one)).toBeUndefined();
    return gathered.errors;
  };
  const urn = 'urn:pulumi:dev::switchyard::docker:index/container:Container::gateway-0';

  test('are those of resources and of the program, without the engine’s closing error', () => {
    expect(
      errorsOf(said('error', 'container is unhealthy\n', { urn }), said('error', 'update failed\n')),
    ).toEqual(['container is unhealthy']);
    expect(errorsOf(said('error', 'catalog.yaml:1:2 a: b\n'), said('error', 'preview failed'))).toEqual([
      'catalog.yaml:1:2 a: b',
    ]);
  });

  test('are reported if they are the only ones, whatever their text', () => {
    expect(errorsOf(said('error', 'update failed'))).toEqual(['update failed']);
    expect(errorsOf(said('error', 'a', { urn }), said('error', 'b', { urn }))).toEqual(['a', 'b']);
  });
});

describe('the closing summary', () => {
  test.each([
    [{ same: 11 }, 0],
    [{ create: 9 }, 9],
    [{ create: 1, update: 2, replace: 1, same: 7 }, 4],
    [{ delete: 3, read: 2, refresh: 4, discard: 1 }, 3],
  ])('%j counts %d changes', (resourceChanges, changes) => {
    const events = new EngineEvents();
    events.take(event('summaryEvent', { resourceChanges }));
    expect(events.changes).toBe(changes);
  });
});
