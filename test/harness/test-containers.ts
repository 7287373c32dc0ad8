/** Docker's view of a stack under test. */
import { execFileSync } from 'node:child_process';

/** The ids of a stack's containers, running or not. */
export function containersOf(stack: string): string[] {
  const filter = ['--filter', `label=switchyard.stack=${stack}`];
  return docker('ps', '--all', '--quiet', '--no-trunc', ...filter)
    .split('\n')
    .filter(Boolean)
    .sort();
}

/** A property of a container, by a Docker template. */
export function inspect(container: string | undefined, format: string): string {
  return docker('inspect', '--format', format, container ?? '');
}

/** Runs the Docker CLI and returns its output. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args).toString().trim();
}
