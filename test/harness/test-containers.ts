/** What Docker has of a stack under test. */
import { execFileSync } from 'node:child_process';

/** Docker's containers of a stack, by id, running or not. */
export function containersOf(stack: string): string[] {
  const filter = ['--filter', `label=switchyard.stack=${stack}`];
  return docker('ps', '--all', '--quiet', '--no-trunc', ...filter)
    .split('\n')
    .filter(Boolean)
    .sort();
}

/** One fact about a container, by Docker's template. */
export function inspect(container: string | undefined, format: string): string {
  return docker('inspect', '--format', format, container ?? '');
}

/** Runs the Docker CLI and returns what it prints. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args).toString().trim();
}
