/** `./switchyard doctor`: what this machine lacks, and the command that brings it. Changes nothing. */
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Check } from './doctor/doctor-check.ts';
import { type Output, withOutput } from '../console/output.ts';

/** Adds `doctor`. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description('what this machine lacks, and the command that brings it; exit code 1 if something does')
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
  const [pulumi, docker, disk, ports, opencode] = await Promise.all([
    tools.checkPulumi(),
    tools.checkDocker(),
    tools.checkDisk(),
    Promise.all(names.map((stack) => stacks.checkPort(stack))),
    tools.checkOpencode(),
  ]);
  const setup = await findPulumi();
  const env = setup && { ...process.env, PATH: [...setup.path, process.env.PATH ?? ''].join(delimiter) };
  const passphrases = await Promise.all(names.map((stack) => stacks.checkPassphrase(stack, env)));
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
  const lacking = checks.filter(({ ok, optional }) => !ok && !optional);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const colour = process.stdout.isTTY === true;
  const lines = checks.map(({ name, ok, optional, detail, command }) => {
    const mark = ok ? 'ok  ' : optional ? 'note' : 'LACK';
    const painted = !colour ? mark : ok ? pc.green(mark) : optional ? pc.yellow(mark) : pc.red(mark);
    const mend = !ok && command ? `\n      ${' '.repeat(width)}mend it: ${command}` : '';
    return `${painted}  ${name.padEnd(width)}  ${detail}${mend}`;
  });
  const verdict = lacking.length === 0 ? 'nothing lacks' : `${lacking.length} of ${checks.length} lack`;
  out.result({ ok: lacking.length === 0, checks }, [...lines, verdict].join('\n'));
  if (lacking.length > 0) process.exitCode = 1;
}
