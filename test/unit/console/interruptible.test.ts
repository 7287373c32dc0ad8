import { afterEach, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { describeError, Interrupted } from '../../../console/errors.ts';
import { interruptible } from '../../../console/interruptible.ts';
import { Output, withOutput } from '../../../console/output.ts';

const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
});

/** Runs work that ends with `ends` as soon as it is aborted, and sends this process the signals. */
async function run(
  signals: NodeJS.Signals[],
  ends: () => unknown,
): Promise<{ said: string[]; ended: unknown; asked: number }> {
  const said: string[] = [];
  let asked = 0;
  const texts = {
    stopping: 'stopping',
    still: 'still stopping',
    stopped: () => ({ message: `interrupted ${++asked}`, command: 'again' }),
  };
  const work = async (signal: AbortSignal): Promise<unknown> => {
    for (const name of signals) process.emit(name, name);
    expect(signal.aborted).toBe(signals.length > 0);
    return await ends();
  };
  const ended = await interruptible({ progress: (line) => said.push(line) }, texts, work).catch(
    (error: unknown) => error,
  );
  return { said, ended, asked };
}

const fails = (): never => {
  throw new Error('context canceled');
};

test('work that is not interrupted returns its result', async () => {
  expect(await run([], () => 7)).toEqual({ said: [], ended: 7, asked: 0 });
  expect((await run([], fails)).ended).toEqual(new Error('context canceled'));
});

test.each([
  ['failed', fails],
  ['succeeded anyway', () => 7],
])('interrupted work that %s counts as interrupted, not as failed', async (_, ends) => {
  const { said, ended } = await run(['SIGINT', 'SIGINT', 'SIGTERM'], ends);
  expect(said).toEqual(['stopping', 'still stopping', 'still stopping']);
  expect(ended).toBeInstanceOf(Interrupted);
  expect(ended).toMatchObject({ message: 'interrupted 1', command: 'again', exitCode: 130 });
  expect(describeError(ended as Interrupted)).toMatch(/^interrupted 1\n/);
});

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('the exit code identifies %s', async (signal, code) => {
  expect((await run([signal], fails)).ended).toMatchObject({ exitCode: code });
});

test('leaves no signal listener behind', async () => {
  const before = process.listenerCount('SIGINT');
  await run(['SIGINT'], fails);
  expect(process.listenerCount('SIGINT')).toBe(before);
});

test('an interrupted command has the exit code of the signal', async () => {
  const failure = jest.spyOn(Output.prototype, 'failure').mockReturnValue();
  const program = new Command();
  program.command('try').action(
    withOutput(() => {
      throw new Interrupted('interrupted');
    }),
  );
  await program.parseAsync(['try'], { from: 'user' }).finally(() => failure.mockRestore());
  expect(process.exitCode).toBe(130);
});
