/** Logs what went wrong and where. Not the message: it may quote what a client or an upstream said. */
export function report(what, error) {
  const frames = String(error?.stack ?? '').match(/^ {4}at .*$/gm) ?? [];
  const where = frames.slice(0, 3).map((line) => line.trim());
  console.error([`portkey: ${what}:`, error?.code ?? error?.name ?? typeof error, ...where].join(' '));
}
