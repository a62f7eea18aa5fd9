// A stand-in as a process of its own: node test/support/esdb/serve.ts [--port 0] [--path /a/socket]
// prints its connection string and serves until it gets SIGTERM or SIGINT.
import { parseArgs } from 'node:util';
import { startStandIn } from './stand-in.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, path: { type: 'string' } },
});

const server = await startStandIn({
  port: Number(values.port),
  ...(values.path !== undefined && { path: values.path }),
});
process.stdout.write(`${server.connectionString}\n`);

const stop = (): void => {
  void server.stop('graceful').then(() => process.exit(0));
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
