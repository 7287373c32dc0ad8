import { expect, test } from '@jest/globals';
import { seconds, withKeyState } from '../../../cli/refuse-at-once.ts';
import { Interrupted, UserError } from '../../../console/errors.ts';

const failing = (error: Error, isRefused: boolean): Promise<unknown> =>
  withKeyState(
    'dev',
    () => isRefused,
    () => Promise.reject(error),
  ).catch((caught: unknown) => caught);

test.each([
  [true, 'the old key is refused already, and the new one accepted'],
  [false, 'the old key may still be accepted'],
])('a failure says what is true of the old key, and how to go on (refused: %s)', async (isRefused, state) => {
  const error = await failing(
    new UserError('no Docker daemon answers', { command: './switchyard doctor' }),
    isRefused,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    message: `no Docker daemon answers\n${state}; to complete the rotation: ./switchyard keys rotate dev`,
    command: './switchyard doctor',
  });
});

test('an interruption keeps its exit code', async () => {
  const error = await failing(new Interrupted('interrupted', 143), false);
  expect(error).toBeInstanceOf(Interrupted);
  expect(error).toMatchObject({ exitCode: 143 });
});

test('a bug is not disguised as a failure of the rotation', async () => {
  const bug = new TypeError('x is undefined');
  expect(await failing(bug, false)).toBe(bug);
});

test('a duration has one decimal', () => {
  expect(seconds(13_749)).toBe('13.7 s');
});
