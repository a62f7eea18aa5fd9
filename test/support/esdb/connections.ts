import type http2 from 'node:http2';
import net from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';

/** A TCP handle, of which Node.js tells no more: what it stops reading stays in the kernel. */
type Handle = { readonly readStop: () => void; readonly readStart: () => void };

/** How a server may be listened to: loopback with a port (0 for any), or a socket in the file system. */
type Address = { readonly port: number } | { readonly path: string };

/** The sockets of a server: the one place where connections are cut, frozen or ended with grace. */
export type Connections = {
  /** Listens and gives the port, 0 for a path. */
  readonly listen: (address: Address) => Promise<number>;
  /** Cuts every connection at once, as the death of the process does. */
  readonly cut: () => Promise<void>;
  /** Takes no new calls, ends each open one with RST_STREAM of code 0, then closes. */
  readonly retire: (graceMs: number) => Promise<void>;
  /** Accepts connections and bytes, and does nothing with them until thawed. */
  readonly freeze: () => void;
  readonly thaw: () => void;
};

const handleOf = (socket: net.Socket): Handle | undefined => {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle };
  return handle;
};

/** The HTTP/2 servers inside a gRPC server: it offers no way to end a call without a status. */
const http2ServersOf = (server: Server): readonly http2.Http2Server[] => [
  ...(
    server as unknown as { readonly http2Servers: ReadonlyMap<http2.Http2Server, unknown> }
  ).http2Servers.keys(),
];

/** Sockets of the file system know no RST. */
const reset = (socket: net.Socket): void => {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
};

const closed = (server: net.Server): Promise<void> =>
  new Promise((done) => server.close(() => done()));

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export const connect = (server: Server, credentials: ServerCredentials): Connections => {
  const injector = server.createConnectionInjector(credentials);
  const sockets = new Set<net.Socket>();
  const streams = new Set<http2.ServerHttp2Stream>();
  const waiting = new Set<net.Socket>();
  let frozen = false;

  for (const inner of http2ServersOf(server)) {
    inner.on('stream', (stream: http2.ServerHttp2Stream) => {
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
    });
  }

  const listener = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      waiting.delete(socket);
    });
    if (frozen) waiting.add(socket);
    else injector.injectConnection(socket);
  });

  const cut = async (): Promise<void> => {
    const over = closed(listener);
    for (const socket of sockets) reset(socket);
    server.forceShutdown();
    await over;
  };

  const retire = async (graceMs: number): Promise<void> => {
    const over = closed(listener);
    server.tryShutdown(() => undefined);
    await later(graceMs);
    for (const stream of streams) stream.close(0);
    await later(0);
    for (const socket of sockets) socket.end();
    server.forceShutdown();
    await over;
  };

  return {
    listen: (address) =>
      new Promise((done, failed) => {
        listener.once('error', failed);
        const listening = (): void => {
          const bound = listener.address();
          done(typeof bound === 'object' && bound !== null ? bound.port : 0);
        };
        if ('path' in address) listener.listen(address.path, listening);
        else listener.listen(address.port, '127.0.0.1', listening);
      }),
    cut,
    retire,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) handleOf(socket)?.readStop();
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) {
        if (!waiting.has(socket)) handleOf(socket)?.readStart();
      }
      for (const socket of waiting) injector.injectConnection(socket);
      waiting.clear();
    },
  };
};
