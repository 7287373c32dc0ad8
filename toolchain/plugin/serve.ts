import { Server, ServerCredentials } from '@grpc/grpc-js';

/** Requests and answers carry whole resources; gRPC's default limit of 4 MB is too small for a large upload. */
export const NO_MESSAGE_LIMIT = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

/**
 * Serves a Pulumi plugin the way the engine expects it: one line on standard output with the port, then gRPC.
 *
 * The engine holds the write end of standard input for as long as it lives, so its end means that the engine is
 * gone, however it went. It asks a plugin to leave with SIGINT.
 *
 * @param register adds the plugin's services to the server
 * @param shutdown ends what the plugin started (a child process, temporary files)
 */
export async function servePlugin(
  register: (server: Server) => void,
  shutdown: () => Promise<void> | void,
): Promise<void> {
  const server = new Server(NO_MESSAGE_LIMIT);
  register(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });

  let leaving = false;
  const leave = async () => {
    if (leaving) return;
    leaving = true;
    try {
      await shutdown();
    } finally {
      server.forceShutdown();
      process.exit(0);
    }
  };
  process.on('SIGINT', () => void leave());
  process.on('SIGTERM', () => void leave());
  process.stdin.on('end', () => void leave());
  process.stdin.on('error', () => void leave());
  process.stdin.resume();

  process.stdout.write(`${port}\n`);
}
