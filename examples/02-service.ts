// The engine inside a small HTTP service: run it with `node examples/02-service.ts`. The service calls itself, prints what it got, and ends.
import fastify from 'fastify';
import { Subject, finalize, takeUntil } from 'rxjs';
import * as chancery from '../src/index.ts';

const { balances } = chancery;
const store = chancery.memoryStore();
const engine = await chancery.createEngine({ store, subsystems: chancery.subsystems });
const app = fastify();
const leaving = new Subject<void>();

/** A real service takes the actor from a session; this one believes a header. */
const actorOf = (id = 'nobody') => ({ id, roles: id === 'bank' ? ['rail'] : [] });

type Post = {
  Params: { stream: string };
  Headers: { 'idempotency-key': string; 'x-actor'?: string };
  Body: { type: string; data: object };
};
const headers = { type: 'object', required: ['idempotency-key'] };
const body = {
  type: 'object',
  required: ['type', 'data'],
  properties: { type: { type: 'string' }, data: { type: 'object' } },
};

/** A command: sent again under its key, it is answered as before. */
app.post<Post>('/streams/:stream', { schema: { headers, body } }, async (request, reply) => {
  const commandId = request.headers['idempotency-key'];
  const options = { actor: actorOf(request.headers['x-actor']), commandId };
  const answer = await engine.sendTE(request.params.stream, request.body, options)();
  if (answer._tag === 'Left') return reply.code(503).send(answer.left);
  const outcome = answer.right;
  if (outcome.outcome !== 'refused') return outcome;
  return reply.code(outcome.refusal.type === 'Malformed' ? 400 : 409).send(outcome);
});

type Get = { Params: { key: string }; Querystring: { after?: string } };

/** A row; with the position of a command's answer in `after`, one that shows what the command did. */
app.get<Get>('/balances/:key', async ({ params, query }, reply) => {
  if (query.after !== undefined) await engine.waitFor(query.after);
  const row = await engine.query(balances).get(params.key);
  return row ?? reply.code(404).send({ missing: params.key });
});

/** Every change of a balance from now on, as server-sent events, until either side hangs up. */
app.get('/balances/changes', (_, reply) => {
  reply.hijack(); // from here on the answer is ours
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' }).flushHeaders();
  const changes = engine.query(balances).changes();
  const subscription = changes
    .pipe(
      takeUntil(leaving),
      finalize(() => raw.end()),
    )
    .subscribe((change) => {
      // Whoever does not read is let go, not buffered for; an EventSource comes again.
      if (!raw.write(`data: ${JSON.stringify(change)}\n\n`)) raw.destroy();
    });
  raw.once('close', () => subscription.unsubscribe());
});

// Closing: streams end and new requests are refused, what is under way is answered, then the engine closes.
app.addHook('preClose', async () => leaving.next());
app.addHook('onClose', () => engine.close());
const stop = () => void app.close();
process.once('SIGTERM', stop).once('SIGINT', stop);
const url = await app.listen({ host: '127.0.0.1', port: 0 });

// From here on the service is its own client.
const live = new AbortController();
const stream = await fetch(`${url}/balances/changes`, { signal: live.signal });
const money = { currency: 'USD', amount: '12000' };
const data = { rail: 'sandbox', ref: 'P1', owner: 'ada', money, note: null };
const post = (actor: string) =>
  fetch(`${url}/streams/deposit-sandbox.P1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'P1', 'x-actor': actor },
    body: JSON.stringify({ type: 'RecordDeposit', data }),
  });

const refused = await post('mallory');
console.log(refused.status, await refused.json());
const first = (await (await post('bank')).json()) as { outcome: string; position: string };
console.log(first.outcome, 'at', first.position);
const again = (await (await post('bank')).json()) as { repeated: boolean };
console.log('sent again:', again.repeated ? 'the first answer' : 'done twice');
const row = await fetch(
  `${url}/balances/${encodeURIComponent('wallet:ada/USD')}?after=${first.position}`,
);
console.log('read:', await row.json());
for await (const bytes of stream.body ?? []) {
  console.log('told:', new TextDecoder().decode(bytes).split('\n')[0]);
  break; // leaving the loop hangs up
}
await app.close();
