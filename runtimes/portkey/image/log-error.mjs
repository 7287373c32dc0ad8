/** Logs what failed and where, but not the error's message: it may quote a client or an upstream. */
export function logError(what, error, response) {
  const frames = String(error?.stack ?? '').match(/^ {4}at .*$/gm) ?? [];
  const where = frames.slice(0, 3).map((line) => line.trim());
  const id = response?.getHeader('x-request-id');
  console.error(
    [
      `portkey: ${id ? `request ${id}: ` : ''}${what}:`,
      error?.code ?? error?.name ?? typeof error,
      ...where,
    ].join(' '),
  );
}
