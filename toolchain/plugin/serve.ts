import { Server, ServerCredentials } from '@grpc/grpc-js';

/** Requests and responses contain whole resources; gRPC's default limit of 4 MB is too small for a large upload. */
export const NO_MESSAGE_LIMIT = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

/**
 * Serves a Pulumi plugin as the engine expects it: one line on standard output with the port, then gRPC.
 *
 * The engine keeps the write end of standard input open while it runs, so end of file means that the engine has ended,
 * for whatever reason. It asks a plugin to end with SIGINT.
 *
 * @param register adds the plugin's services to the server
 * @param shutdown cleans up what the plugin started (a child process, temporary files)
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

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    try {
      await shutdown();
    } finally {
      server.forceShutdown();
      process.exit(0);
    }
  };
  process.on('SIGINT', () => void end());
  process.on('SIGTERM', () => void end());
  process.stdin.on('end', () => void end());
  process.stdin.on('error', () => void end());
  process.stdin.resume();

  process.stdout.write(`${port}\n`);
}
