// Exit code 0 if Portkey responds behind server.mjs.
const { ok } = await fetch(`http://127.0.0.1:${process.env.PORT ?? 8787}/health`, {
  signal: AbortSignal.timeout(3000),
});
process.exit(ok ? 0 : 1);
