import { Metadata, status, type handleUnaryCall, type ServiceError } from '@grpc/grpc-js';

/** An error of which the engine shows the user only the message. */
export class PluginError extends Error {
  readonly code: number;
  readonly metadata: Metadata | undefined;

  constructor(message: string, code: number = status.UNKNOWN, metadata?: Metadata) {
    super(message);
    this.code = code;
    this.metadata = metadata;
  }
}

/**
 * Turns a function into the handler of a unary gRPC method.
 *
 * @param handle gets the request, and a function that tells whether the caller has cancelled it
 */
export function unary<Request, Response>(
  handle: (request: Request, isAbandoned: () => boolean) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request, () => call.cancelled))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toServiceError(error)),
      );
  };
}

function toServiceError(error: unknown): Partial<ServiceError> {
  if (error instanceof PluginError) {
    return { code: error.code, details: error.message, metadata: error.metadata };
  }
  // A bug of our own: a bug report needs the stack trace.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: status.INTERNAL, details: text };
}
