import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { testCertificate } from '../support/esdb/certificate.ts';
import { appendOne, connectTo, happened, revisionsOf, seen } from '../support/esdb/client.ts';
import { createLog } from '../support/esdb/log.ts';
import { startStandIn, type StandIn } from '../support/esdb/stand-in.ts';

describe('the stand-in', () => {
  it('listens to a socket in the file system', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'chancery-esdb-'));
    const server = await startStandIn({ path: join(directory, 'esdb.sock') });
    const client = new EventStoreDBClient(
      { endpoint: server.connectionString },
      { insecure: true },
    );
    await appendOne(client, 'order-1');
    expect(await revisionsOf(client, 'order-1')).toEqual([0]);
    await client.dispose();
    await server.stop('kill');
    rmSync(directory, { recursive: true });
  });

  it('speaks TLS to who trusts its certificate; who speaks the other way gets code 14', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'chancery-esdb-'));
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, testCertificate.cert);
    const secure = await startStandIn({ tls: testCertificate });
    const plain = await startStandIn();
    const tried = async (connectionString: string) => {
      const client = connectTo(connectionString);
      const end = await seen(appendOne(client, 'order-1', 'any'));
      await client.dispose();
      return end;
    };
    const host = (server: StandIn): string => `esdb://localhost:${server.endpoint.port}`;
    expect(await tried(`${host(secure)}?tlsCAFile=${ca}`)).toHaveProperty('done.success', true);
    const unavailable = { error: 'Error', code: 14 };
    expect(await tried(host(secure))).toMatchObject(unavailable);
    expect(await tried(`${host(secure)}?tls=false`)).toMatchObject(unavailable);
    expect(await tried(`${host(plain)}?tlsCAFile=${ca}`)).toMatchObject(unavailable);
    await secure.stop('kill');
    await plain.stop('kill');
    rmSync(directory, { recursive: true });
  });

  it('serves from a process of its own until it is told to end', async () => {
    const program = resolve(__dirname, '..', 'support', 'esdb', 'serve.ts');
    const child = spawn(process.execPath, [program, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    expect(line).toMatch(/^esdb:\/\/127\.0\.0\.1:\d+\?tls=false\n$/u);
    const client = connectTo(line.trim());
    await appendOne(client, 'order-1');
    expect(await revisionsOf(client, 'order-1')).toEqual([0]);
    await client.dispose();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('hides events by age on reads of the stream alone', async () => {
    let now = 1_700_000_000_000;
    const server = await startStandIn({ log: createLog(() => now) });
    const client = connectTo(server.connectionString);
    await appendOne(client, 'order-1');
    now += 5000;
    await appendOne(client, 'order-1', 0n);
    await client.setStreamMetadata('order-1', { maxAge: 8 });
    expect(await revisionsOf(client, 'order-1')).toEqual([0, 1]);
    now += 4000;
    expect(await revisionsOf(client, 'order-1')).toEqual([1]);
    now += 5000;
    expect(await revisionsOf(client, 'order-1')).toEqual([]);
    expect(server.log.records.map(({ stream }) => stream)).toEqual([
      'order-1',
      'order-1',
      '$$order-1',
    ]);
    await client.dispose();
    await server.stop('kill');
  });

  it('answers a repeat of hidden events without a position', async () => {
    const server = await startStandIn();
    const client = connectTo(server.connectionString);
    const event = happened();
    const append = () => client.appendToStream('order-1', event, { expectedRevision: 'no_stream' });
    expect(await append()).toHaveProperty('position.commit');
    await client.setStreamMetadata('order-1', { truncateBefore: 1 });
    expect(await append()).toEqual({
      success: true,
      nextExpectedRevision: 0n,
      position: undefined,
    });
    await client.dispose();
    await server.stop('kill');
  });

  it('takes the append of a call with credentials, and answers it alike', async () => {
    const server = await startStandIn();
    const client = connectTo(server.connectionString);
    const credentials = { username: 'admin', password: 'changeit' };
    const append = (size = 1) =>
      client.appendToStream(
        'order-1',
        { ...happened(), data: { padding: 'x'.repeat(size) } },
        {
          expectedRevision: 'no_stream',
          credentials,
        },
      );
    expect(await append()).toMatchObject({ success: true, nextExpectedRevision: 0n });
    expect(await seen(append())).toMatchObject({ type: 'wrong-expected-version' });
    expect(await seen(append(1_100_000))).toMatchObject({
      type: 'maximum-append-size-exceeded',
      code: 3,
    });
    await client.tombstoneStream('order-1');
    expect(await seen(append())).toMatchObject({ type: 'stream-deleted', code: 9 });
    await client.dispose();
    await server.stop('kill');
  });
});
