// Loaded before Portkey's gateway, which by default listens on all interfaces and requires no key. This makes it listen on loopback only.
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  const done = rest.find((one) => typeof one === 'function');
  return listen.call(this, Number(typeof port === 'object' ? port.port : port), '127.0.0.1', done);
};
