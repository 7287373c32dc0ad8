import { join } from 'node:path';
import type { Tool } from '../build.ts';

/** The release that go.mod in this folder pins. */
export const ACTIONLINT_VERSION = '1.7.12';

/** Checks GitHub's workflow files; the tests build and run it. */
export const ACTIONLINT: Tool = {
  title: `actionlint ${ACTIONLINT_VERSION}`,
  module: import.meta.dirname,
  package: 'github.com/rhysd/actionlint/cmd/actionlint',
  ldflags: `-s -w -X github.com/rhysd/actionlint.version=${ACTIONLINT_VERSION}`,
  binary: (home) => join(home, 'tools', `actionlint-${ACTIONLINT_VERSION}`, 'actionlint'),
};
