/** The report as text: tables that fit into 80 columns. */
import { table } from '../console/table.ts';
import type { BenchReport, CommandFigures, EdgeFigures, GatewayFigures } from './types.ts';

/** The whole report as text. */
export function describeBench(report: BenchReport, terminal?: boolean): string {
  const { gateways, commands, edge, made } = report;
  return [
    ...(gateways ? [gatewayTable(gateways, made.clients, terminal)] : []),
    ...(gateways ? [ratioTable(gateways, terminal)] : []),
    ...(commands ? [commandTable(commands, terminal)] : []),
    ...(edge ? [describeEdge(edge)] : []),
    describeMachine(made),
  ].join('\n\n');
}

/** A figure in a column: three significant digits, or a dash if there is none. */
export function cell(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function gatewayTable(gateways: readonly GatewayFigures[], clients: number, terminal?: boolean): string {
  const rows = gateways.map((one) => [
    one.name,
    ...[
      one.requestsPerSecond, one.p50Ms, one.p99Ms, one.firstTokenMs, one.cacheHit?.p50Ms,
      one.cpuMsPerRequest, one.cacheHit?.cpuMsPerRequest, one.rssMb, one.coldStartCpuSeconds, one.idleCpuPercent,
    ].map(cell),
  ]); // prettier-ignore
  const head = ['gateway', 'req/s', 'p50', 'p99', 'first', 'hit', 'CPU', 'CPUhit', 'MiB', 'start', 'idle'];
  return [
    table(head, rows, terminal),
    '',
    `req/s and CPU: ${clients} parallel clients; times, in ms: one client. first: first`,
    'token of a stream; hit: answered from the cache; CPU, CPUhit: ms per request;',
    'MiB: memory; start: CPU seconds until ready; idle: % of a core. The CPU and',
    'memory of direct are those of the upstream itself.',
  ].join('\n');
}

function ratioTable(gateways: readonly GatewayFigures[], terminal?: boolean): string {
  const rows = gateways.map(({ name, againstDirect: direct, againstLitellm: plain }) => [
    name,
    ...[direct.p50Ms, direct.firstTokenMs].map(times),
    ...[plain.requestsPerSecond, plain.p50Ms, plain.cpuMsPerRequest, plain.rssMb, plain.coldStartCpuSeconds].map(
      times,
    ),
  ]); // prettier-ignore
  const head = ['times', 'p50/direct', 'first', 'req/s/litellm', 'p50', 'CPU', 'MiB', 'start'];
  return table(head, rows, terminal);
}

function times(value: number | undefined): string {
  return value === undefined ? '-' : `×${cell(value)}`;
}

function commandTable(commands: readonly CommandFigures[], terminal?: boolean): string {
  const rows = commands.map(({ name, cpuSeconds, wallSeconds }) => [
    name,
    cell(cpuSeconds),
    cell(wallSeconds),
  ]);
  return table(['command', 'CPU s', 'wall s'], rows, terminal);
}

function describeEdge({
  cpuMsPerRequest,
  rssMb,
  idleCpuPercent,
  p50Ms,
  gatewayP50Ms,
  addedMs,
}: EdgeFigures): string {
  const added = addedMs === undefined ? '' : `; it adds ${cell(addedMs)} ms`;
  return [
    `edge: ${cell(cpuMsPerRequest)} ms of CPU per request, ${cell(rssMb)} MiB, idle ${cell(idleCpuPercent)} % of a core`,
    `      p50 ${cell(p50Ms)} ms through it, ${cell(gatewayP50Ms)} ms without it${added}`,
  ].join('\n');
}

function describeMachine({ quick, rounds, requestsPerRound, machine }: BenchReport['made']): string {
  const { cores, memoryMb, loadBefore, loadAfter, usageFrom } = machine;
  return [
    `${rounds} rounds of ${requestsPerRound} requests${quick ? ' (--quick: rough)' : ''}, medians; usage from ${usageFrom}`,
    `${cores} cores, ${Math.round(memoryMb / 1024)} GiB, load ${cell(loadBefore)} before, ${cell(loadAfter)} after. Compare ratios, not machines.`,
  ].join('\n');
}
