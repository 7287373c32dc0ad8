/** `./switchyard doctor`: what is missing on this machine, and the command that installs it. Changes nothing. */
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Check } from './doctor/doctor-check.ts';
import { type Output, withOutput } from '../console/output.ts';
import { nameList } from '../console/wrap.ts';

/** Adds `doctor`. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'check this machine and show the command that fixes each problem; exit code 1 if there is one',
    )
    .action(withOutput(diagnose));
}

async function diagnose(out: Output): Promise<void> {
  const [tools, stacks, { knownStacks }, { findPulumi }, { delimiter }] = await Promise.all([
    import('./doctor/doctor-tools.ts'),
    import('./doctor/doctor-stacks.ts'),
    import('../engine/stack-name.ts'),
    import('../bootstrap/pulumi-install.ts'),
    import('node:path'),
  ]);
  const names = knownStacks();
  const [[pulumi, docker, disk, ports, opencode], passphrases] = await out.step(
    'checking this machine',
    async () => {
      const found = await Promise.all([
        tools.checkPulumi(),
        tools.checkDocker(),
        tools.checkDisk(),
        Promise.all(names.map((stack) => stacks.checkPort(stack))),
        tools.checkOpencode(),
      ]);
      const setup = await findPulumi();
      const env = setup && { ...process.env, PATH: [...setup.path, process.env.PATH ?? ''].join(delimiter) };
      return [found, await Promise.all(names.map((stack) => stacks.checkPassphrase(stack, env)))] as const;
    },
  );
  const checks = [
    tools.checkNode(),
    tools.checkPackages(),
    pulumi,
    ...docker,
    ...disk,
    ...ports,
    ...passphrases,
    opencode,
  ];
  report(out, checks);
}

function report(out: Output, checks: Check[]): void {
  const failed = checks.filter(({ ok, optional }) => !ok && !optional);
  const colour = process.stdout.isTTY === true;
  const lines = checks.map(({ name, ok, optional, detail, command }): [string, string] => {
    const mark = ok ? 'ok  ' : optional ? 'note' : 'FAIL';
    const painted = !colour ? mark : ok ? pc.green(mark) : optional ? pc.yellow(mark) : pc.red(mark);
    return [`${painted}  ${name}`, !ok && command ? `${detail}\nfix: ${command}` : detail];
  });
  const verdict = failed.length === 0 ? 'all checks passed' : `${failed.length} of ${checks.length} failed`;
  out.result({ ok: failed.length === 0, checks }, `${nameList(lines)}\n${verdict}`);
  if (failed.length > 0) process.exitCode = 1;
}
