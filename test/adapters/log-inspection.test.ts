import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { writeArchive } from '../../src/adapters/archive/write.ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { withLocalRows } from '../../src/adapters/sqlite/local-rows.ts';
import { inspectLog } from '../../src/adapters/sqlite/log-inspection.ts';
import { sqliteScratch } from '../../src/adapters/sqlite/scratch.ts';
import { examine } from '../../src/engine/doctor/doctor.ts';
import type { Finding } from '../../src/engine/doctor/finding.ts';
import { E } from '../../src/engine/fp.ts';
import type { Log, OpenLog } from '../../src/engine/rows.ts';
import { ada, engines } from '../support/engines.ts';
import { sparseLog } from '../support/sparse-log.ts';
import { inDirectory } from '../support/store-files.ts';
import { world, writing } from '../support/ticket-effects.ts';
import { ticketCommands, ticketSubsystem } from '../support/tickets.ts';

const start = engines();
const { OpenTicket, AddNote } = ticketCommands.of;

/** A log of three tickets, and the file of rows beside it. */
const lived = async (directory: string) => {
  const [memory, rows] = [memoryStore(), join(directory, 'rows.db')];
  const engine = await start({ store: withLocalRows(sparseLog(memory), rows) });
  for (const n of [1, 2, 3]) {
    const options = { actor: ada };
    const opening = OpenTicket({ title: `echo ${n}`, answerBy: 9_000 });
    await engine.send(ticketSubsystem, `ticket-${n}`, opening, options);
    await engine.send(ticketSubsystem, `ticket-${n}`, AddNote({ note: `note ${n}` }), options);
  }
  await engine.settle();
  await engine.close();
  return { memory, rows };
};

const opened = async (log: Log): Promise<OpenLog> => {
  const open = await log.open({ readOnly: true })();
  if (E.isLeft(open)) throw new Error(open.left.type);
  return open.right;
};

const examined = async (log: Log, rows: string) => {
  const open = await opened(log);
  const inspection = await inspectLog(open.events, rows);
  const scratch = sqliteScratch();
  const findings: Finding[] = [];
  const subsystems = [ticketSubsystem];
  const examination = examine({ inspection, scratch, subsystems, now: (latest) => latest });
  let next = examination.next();
  for (; next.done !== true; next = examination.next()) findings.push(next.value);
  scratch.close();
  inspection.close();
  await open.close();
  return { findings, seen: next.value };
};

const bySql = (path: string, sql: string): void => {
  const db = new Database(path);
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
  db.close();
};

describe('N16: a log looked at through its port', () => {
  it(
    'is found right, with its rows, whatever its positions are',
    inDirectory(async (directory) => {
      const { memory, rows } = await lived(directory);
      expect(await examined(sparseLog(memory), rows)).toEqual({
        findings: [],
        seen: { events: 10, head: '10', latest: 0, streams: 4, rows: 3 },
      });
    }),
  );

  it(
    'an altered payload is named by stream and revision',
    inDirectory(async (directory) => {
      const { memory, rows } = await lived(directory);
      const altered = sparseLog(memory, (event) =>
        event.stream === 'ticket-2' && event.revision === 1
          ? [{ ...event, data: { note: 'altered' } }]
          : [event],
      );
      expect((await examined(altered, rows)).findings).toMatchObject([
        { type: 'EventAltered', stream: 'ticket-2', revision: 1 },
      ]);
    }),
  );

  it(
    'what the log gives that is no event is named by stream and revision',
    inDirectory(async (directory) => {
      const { memory, rows } = await lived(directory);
      const foreign = sparseLog(memory, (event) =>
        event.stream === 'ticket-2' && event.revision === 2
          ? [{ ...event, data: 'no JSON', unreadable: 'it is no JSON' }]
          : [event],
      );
      const [found] = (await examined(foreign, rows)).findings;
      expect(found).toMatchObject({ type: 'EventAltered', stream: 'ticket-2', revision: 2 });
    }),
  );

  it(
    'an event that is hidden is named by the hole that it leaves, and rows show it',
    inDirectory(async (directory) => {
      const { memory, rows } = await lived(directory);
      const hidden = sparseLog(memory, (event) =>
        event.stream === 'ticket-3' && event.revision === 1 ? [] : [event],
      );
      expect((await examined(hidden, rows)).findings).toMatchObject([
        { type: 'RevisionsBroken', stream: 'ticket-3', revision: 2, expected: 1 },
        { type: 'CheckpointDiffers', projection: 'tickets' },
        { type: 'RowAltered', key: '3' },
      ]);
    }),
  );

  it(
    'an altered row is named by its key, a checkpoint that is ahead or no position by its consumer',
    inDirectory(async (directory) => {
      const { memory, rows } = await lived(directory);
      bySql(
        rows,
        `UPDATE rows SET row = replace(row, 'echo 1', 'echo 9') WHERE tbl LIKE 'tickets%'`,
      );
      bySql(rows, `UPDATE checkpoints SET position = 'at:900' WHERE consumer LIKE 'reaction:%'`);
      bySql(rows, `UPDATE checkpoints SET position = '12' WHERE consumer LIKE 'deadline%'`);
      const { findings } = await examined(sparseLog(memory), rows);
      expect(findings).toMatchObject([
        { type: 'CheckpointUnreadable', position: 'unknown 12' },
        { type: 'CheckpointAhead', consumer: 'reaction:echoWhenAsked', position: '11', head: '10' },
        { type: 'RowAltered', key: '1' },
      ]);
    }),
  );

  it(
    'a log without rows beside it is looked at by itself',
    inDirectory(async (directory) => {
      const { memory } = await lived(directory);
      const { findings, seen } = await examined(sparseLog(memory), join(directory, 'none.db'));
      expect(findings).toEqual([]);
      expect(seen).toMatchObject({ events: 10, rows: 0 });
    }),
  );

  it(
    'N49: its archive numbers the events, and says where an effect has still something to do',
    inDirectory(async (directory) => {
      const [memory, rows, file] = [memoryStore(), join(directory, 'r.db'), join(directory, 'a')];
      const outside = world();
      const { prepare } = outside;
      outside.prepare = async (task) => {
        if (task.key === 't2') throw new Error('no connection');
        return prepare(task);
      };
      const store = withLocalRows(sparseLog(memory), rows);
      const engine = await start({ store, effects: [writing(outside)] });
      for (const n of [1, 2]) {
        const opening = OpenTicket({ title: `t${n}`, answerBy: 9_000 });
        await engine.send(ticketSubsystem, `ticket-${n}`, opening, { actor: ada });
        await engine.settle();
      }
      await engine.close();
      const events = (await opened(sparseLog(memory))).events;
      const inspection = await inspectLog(events, rows);
      await writeArchive(inspection, file);
      inspection.close();
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      const [header = {}, first, second] = lines.map((line): unknown => JSON.parse(line));
      expect(header).toMatchObject({
        until: '4',
        reactions: {
          'reaction:echoWhenAsked': '4',
          'outbox:writeLetter': expect.stringMatching(/^[23]$/) as unknown,
        },
      });
      expect([first, second]).toMatchObject([{ position: '1' }, { position: '2' }]);
    }),
  );
});
