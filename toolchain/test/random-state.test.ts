/** What the random plugin does with a state that another plugin, or a newer one, wrote. */
import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import { readProperties, writeProperties, type Value } from '../plugin/properties.ts';
import { RANDOM_TYPES, randomService } from '../providers/random/random-service.ts';

type Handler = (call: unknown, answer: (error: unknown, response: unknown) => void) => void;
type Values = Record<string, Value>;

const PASSWORD = 'random:index/randomPassword:RandomPassword';

function call<T>(method: keyof typeof randomService, request: unknown): Promise<T> {
  return new Promise((resolve, reject) =>
    (randomService[method] as unknown as Handler)({ request }, (error, response) =>
      error ? reject(Object.assign(new Error('refused'), { error })) : resolve(response as T),
    ),
  );
}

const struct = (values: Values, secrets: string[][] = []) => writeProperties(values, secrets);

async function checked(type: string, inputs: Values): Promise<Values> {
  const request = new providerProto.CheckRequest().setType(type).setNews(struct(inputs));
  return readProperties((await call<providerProto.CheckResponse>('check', request)).getInputs()).values;
}

async function created(type: string, inputs: Values): Promise<Values> {
  const request = new providerProto.CreateRequest().setType(type).setProperties(struct(inputs));
  return readProperties((await call<providerProto.CreateResponse>('create', request)).getProperties()).values;
}

async function changes(type: string, oldInputs: Values, olds: Values, inputs: Values): Promise<string[]> {
  const request = new providerProto.DiffRequest()
    .setType(type)
    .setOldInputs(struct(oldInputs))
    .setOlds(struct(olds))
    .setNews(struct(await checked(type, inputs)));
  return (await call<providerProto.DiffResponse>('diff', request)).getReplacesList();
}

/** The least that a program sets, by type. */
const PROGRAMS: Record<string, Values> = {
  [PASSWORD]: { length: 40, special: false },
  'random:index/randomId:RandomId': { byteLength: 3, keepers: { hash: 'a' } },
};
/** What only another plugin knows. */
const FOREIGN = {
  __meta: '{"schema_version":"9"}',
  __pulumi_raw_state_delta: { obj: {} },
  bcryptHash: 'a hash',
  futureText: 'x',
  futureList: [{ a: 1 }],
  futureObject: { key: 'a', list: [true] },
};
const FILLED_IN = { __defaults: ['number', 'futureInput'], futureInput: 5 };

test('every type that is served is tested here', () => {
  expect(Object.keys(PROGRAMS).sort()).toEqual(Object.keys(RANDOM_TYPES).sort());
});

describe.each(Object.entries(PROGRAMS))('%s', (type, program) => {
  test('outputs and inputs that only another plugin knows are not a change', async () => {
    const olds = { ...(await created(type, program)), ...FOREIGN, number: true };
    expect(await changes(type, program, olds, program)).toEqual([]);
    expect(await changes(type, { ...program, ...FILLED_IN }, olds, program)).toEqual([]);
  });

  test('the inputs kept are those that the program gives', async () => {
    expect(await checked(type, program)).toEqual(program);
  });

  test('an input that the program changes draws a new value, among such outputs too', async () => {
    const name = Object.keys(program)[0]!;
    const olds = { ...(await created(type, program)), ...FOREIGN };
    expect(await changes(type, program, olds, { ...program, [name]: 64 })).toEqual([name]);
  });

  test.each(['read', 'update'] as const)('%s keeps them, secrets secret', async (method) => {
    const olds = struct({ ...(await created(type, program)), ...FOREIGN }, [
      ['bcryptHash'],
      ['futureObject', 'key'],
    ]);
    const request =
      method === 'read'
        ? new providerProto.ReadRequest().setType(type).setId('none').setProperties(olds)
        : new providerProto.UpdateRequest().setType(type).setId('none').setOlds(olds);
    const answer = await call<{ getProperties(): typeof olds }>(method, request);
    expect(answer.getProperties().toJavaScript()).toEqual(olds.toJavaScript());
  });
});

test.each([
  ['the official plugin', { length: 40, special: false }],
  [
    'its older versions',
    { length: 40, special: false, number: true, numeric: true, lower: true, minLower: 0 },
  ],
  ['this plugin', { length: 40, special: false, numeric: true, lower: true, upper: true, minUpper: 0 }],
])('the inputs of a password that %s kept mean the same', async (_, kept) => {
  const olds = await created(PASSWORD, { length: 40, special: false });
  expect(await changes(PASSWORD, kept, olds, { length: 40, special: false })).toEqual([]);
  expect(await changes(PASSWORD, kept, olds, { length: 40, special: false, number: true })).toEqual([]);
  expect(await changes(PASSWORD, kept, olds, { length: 40, special: false, number: false })).toEqual([
    'numeric',
  ]);
  expect(await changes(PASSWORD, { ...kept, minLower: 3 }, olds, { length: 40, special: false })).toEqual(['minLower']); // prettier-ignore
});

test('an engine that sends no old inputs has the outputs compared', async () => {
  const olds = { ...(await created(PASSWORD, { length: 40 })), ...FOREIGN, number: true };
  const diff = (length: number) =>
    new providerProto.DiffRequest().setType(PASSWORD).setOlds(struct(olds)).setNews(struct({ length }));
  const replaced = async (length: number) =>
    (await call<providerProto.DiffResponse>('diff', diff(length))).getReplacesList();
  expect([await replaced(40), await replaced(41)]).toEqual([[], ['length']]);
});

test('a new password has the outputs of the defaults', async () => {
  const outputs = await created(PASSWORD, { length: 40, special: false });
  expect(outputs).toMatchObject({ length: 40, special: false, lower: true, numeric: true, minUpper: 0 });
  expect(outputs['result']).toMatch(/^[A-Za-z0-9]{40}$/);
});
