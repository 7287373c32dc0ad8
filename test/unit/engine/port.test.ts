import { createServer, type Server } from 'node:net';
import { expect, test } from '@jest/globals';
import { addressesCollide } from '../../../domain/plan/next-port.ts';
import { isFree, listenerOf, publisherOf } from '../../../engine/port.ts';

/** As `docker ps` prints names and ports: two stacks on one port of two addresses, and others. */
const LISTED = [
  'switchyard-dev-edge\t127.0.0.1:4000->8080/tcp',
  'switchyard-lab-edge\t127.0.0.2:4000->8080/tcp',
  'range\t127.0.0.3:4000-4002->4000-4002/tcp, 9000/tcp',
  'open\t0.0.0.0:4300->80/tcp, [::]:4300->80/tcp',
  'old\t:::4400->80/tcp',
].join('\n');

test.each([
  ['127.0.0.1', 4000, 'switchyard-dev-edge'],
  ['127.0.0.2', 4000, 'switchyard-lab-edge'],
  ['127.0.0.3', 4001, 'range'],
  ['127.0.0.4', 4000, undefined],
  ['127.0.0.3', 9000, undefined],
  ['0.0.0.0', 4000, 'switchyard-dev-edge'],
  ['127.0.0.1', 4300, 'open'],
  ['127.0.0.1', 4400, 'old'],
])('port %s:%i belongs to container %s', (address, port, owner) => {
  expect(publisherOf(LISTED, address, port)).toBe(owner);
});

test.each([
  ['127.0.0.1', 'node (pid 12)'],
  ['127.0.0.53', 'resolved (pid 13)'],
  ['127.0.0.9', undefined],
])('a socket of %s belongs to %s', (address, owner) => {
  const sockets = [
    'LISTEN 0 511 127.0.0.1:4000 0.0.0.0:* users:(("node",pid=12,fd=18))',
    'LISTEN 0 511 127.0.0.53%lo:4000 0.0.0.0:* users:(("resolved",pid=13,fd=18))',
  ].join('\n');
  expect(listenerOf(sockets, address)).toBe(owner);
});

test.each(['*', '[::]', '0.0.0.0'])('a socket of every address, %s, is in the way of each', (local) => {
  const sockets = `LISTEN 0 511 ${local}:4000 0.0.0.0:* users:(("nginx",pid=7,fd=18))`;
  expect(listenerOf(sockets, '127.0.0.1')).toBe('nginx (pid 7)');
});

test('two addresses collide if they are equal or one is every address', () => {
  expect(addressesCollide('127.0.0.1', '127.0.0.2')).toBe(false);
  expect(addressesCollide('127.0.0.1', '127.0.0.1')).toBe(true);
  expect(addressesCollide('127.0.0.1', '0.0.0.0')).toBe(true);
});

test('a port that another address has is free; an address of another machine is not called used', async () => {
  const server: Server = createServer();
  await new Promise<void>((done) => server.listen({ host: '127.0.0.2', port: 0 }, done));
  const { port } = server.address() as { port: number };
  try {
    expect(await isFree('127.0.0.2', port)).toBe(false);
    expect(await isFree('127.0.0.1', port)).toBe(true);
    expect(await isFree('192.0.2.1', port)).toBe(true);
  } finally {
    server.close();
  }
});
