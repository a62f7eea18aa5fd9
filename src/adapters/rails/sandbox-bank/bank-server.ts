import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { E } from '../../../engine/fp.ts';
import { LATE_MS, openBank, type Bank } from './bank.ts';
import { PaymentOrder, PayoutOrder, REQUEST_BYTES } from './wire.ts';

/** A bank that listens on the loopback address. */
export type BankServer = { readonly url: string; readonly close: () => Promise<void> };

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const body: AsyncIterable<Buffer> = request;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > REQUEST_BYTES) throw new Error(`a request has at most ${REQUEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const answered = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
};

const malformedBody = (what: string) => ({ error: `this is no ${what}` });

const prepare = async (bank: Bank, { request, response }: Exchange) => {
  const order = PayoutOrder.decode(JSON.parse(await bodyOf(request)));
  if (E.isLeft(order)) return answered(response, 400, malformedBody('payout'));
  bank.prepare(order.right);
  return answered(response, 200, {});
};

const submit = (bank: Bank, { id, response }: Exchange): void => {
  const telling = bank.submit(id);
  if (telling.how === 'never') return;
  if (telling.how === 'lost') return void response.destroy();
  const tell = () => answered(response, 200, telling.told);
  if (telling.how === 'late') setTimeout(tell, LATE_MS);
  else tell();
};

const receive = async (bank: Bank, { request, response }: Exchange) => {
  const order = PaymentOrder.decode(JSON.parse(await bodyOf(request)));
  if (E.isLeft(order)) return answered(response, 400, malformedBody('payment'));
  bank.receive(order.right);
  return answered(response, 200, {});
};

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the path ends with. */
  readonly id: string;
  /** The last position that the client knows. */
  readonly after: string | undefined;
};

type Serve = (bank: Bank, exchange: Exchange) => Promise<void> | void;

const routes: Readonly<Record<string, Serve>> = {
  'PUT payouts': prepare,
  'POST payouts': submit,
  'GET payouts': (bank, { id, response }) => answered(response, 200, bank.lookUp(id)),
  'POST payments': receive,
  'GET payments': (bank, { after, response }) => answered(response, 200, bank.incoming(after)),
};

/**
 * `PUT /payouts` prepares one, `POST /payouts/ID` submits it, `GET /payouts/ID` looks it up; `POST /payments` is a payment into the
 * bank, `GET /payments?after=POSITION` gives those that have come in.
 */
const served = async (bank: Bank, request: IncomingMessage, response: ServerResponse) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sandbox');
  const [, what = '', id = ''] = pathname.split('/');
  const route = `${request.method} ${what}`;
  const serve = Object.hasOwn(routes, route) ? routes[route] : undefined;
  if (serve === undefined) {
    return answered(response, 404, { error: 'the sandbox has payouts and payments' });
  }
  const after = searchParams.get('after') ?? undefined;
  return serve(bank, { request, response, id: decodeURIComponent(id), after });
};

/** Serves the bank of a file on the loopback address; port 0 takes a free one. */
export const serveBank = async (path: string, port: number): Promise<BankServer> => {
  const bank = openBank(path);
  const server = createServer((request, response) => {
    served(bank, request, response).catch((cause: unknown) =>
      answered(response, 400, { error: String(cause) }),
    );
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(port, '127.0.0.1', listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      bank.close();
    },
  };
};
