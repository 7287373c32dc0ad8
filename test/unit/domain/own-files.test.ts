/**
 * The only test of the files that operators edit: they must pass the checks. Operators choose the models, chains and ports; tests that need
 * certain ones use sandbox/release-files.
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

/** Throws instead of using `expect`, so that the message starts with the file and not with the test. */
function mustBeGood(stack: string, problems: Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new Error(
      `The code is fine, but a file that you edit has errors:\n\n${formatProblems(errors)}\n\nThe same errors are shown by: ./switchyard preview ${stack}`,
    );
}

test.each(stacks)('catalogue, agents, fixed part, lock file and settings of %s pass the checks', (stack) => {
  // Retirements after the release are reported by `./switchyard preview` and `models --check`; this test does not depend on the calendar.
  mustBeGood(stack, loadInputs(stack, readRawConfig(stack), ROOT, RELEASE_DAY).problems);
});

test('the message for a wrong file names that file', () => {
  const { problems } = loadInputs(
    'no-such-stack',
    { config: { prot: '1' }, secretKeys: [] },
    ROOT,
    RELEASE_DAY,
  );
  expect(() => mustBeGood('no-such-stack', problems)).toThrow(
    /^The code is fine, but a file that you edit has errors:\n\nPulumi\.no-such-stack\.yaml [^]*did you mean "port"\?[^]*preview no-such-stack$/,
  );
});
