/**
 * The one test of what operators edit: whatever they made of it, it passes the checks. Which models, chains and ports there are is
 * theirs to say; tests that need certain ones use sandbox/release-files.
 */
import { readdirSync } from 'node:fs';
import { formatProblems, type Problem } from '../../../domain/diagnostics/problems.ts';
import { readRawConfig } from '../../../engine/stack-settings.ts';
import { loadInputs } from '../../../stacks/load.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { RELEASE_DAY } from '../../../sandbox/fixtures.ts';
import { stackOfFile } from '../../../domain/schema/stack-file-names.ts';

const stacks = readdirSync(ROOT)
  .filter(stackOfFile)
  .map((file) => file.slice('Pulumi.'.length, -'.yaml'.length));

/** No expectation, so that the message is first about the file and then about the test. */
function mustBeGood(stack: string, problems: Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new Error(
      `Not the code is at fault, but a file that you edit:\n\n${formatProblems(errors)}\n\nThe same is told by: ./switchyard preview ${stack}`,
    );
}

test.each(stacks)('catalogue, agents, fixed part, lock file and settings of %s pass the checks', (stack) => {
  // Of what retires after the release `./switchyard preview` and `models --check` tell; no calendar day turns this red.
  mustBeGood(stack, loadInputs(stack, readRawConfig(stack), ROOT, RELEASE_DAY).problems);
});

test('one that is wrong is named as the file that it is', () => {
  const { problems } = loadInputs(
    'no-such-stack',
    { config: { prot: '1' }, secretKeys: [] },
    ROOT,
    RELEASE_DAY,
  );
  expect(() => mustBeGood('no-such-stack', problems)).toThrow(
    /^Not the code is at fault, but a file that you edit:\n\nPulumi\.no-such-stack\.yaml [^]*did you mean "port"\?[^]*preview no-such-stack$/,
  );
});
