// Loaded before Portkey's gateway, which listens on every interface and asks for no key: here it answers only to server.mjs.
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  const done = rest.find((one) => typeof one === 'function');
  return listen.call(this, Number(typeof port === 'object' ? port.port : port), '127.0.0.1', done);
};
