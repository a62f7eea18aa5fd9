// A market day that is signed, a copy of it that somebody changes, and what verifying says: run it with `node examples/03-who-changed-the-books.ts`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const place = mkdtempSync(join(tmpdir(), 'chancery-example-'));
const program = join(import.meta.dirname, '..', 'src', 'main.ts');
const commands = join(import.meta.dirname, 'market-day.jsonl');

/** Runs the command line and gives what it prints. */
const chancery = (...args: readonly string[]): string =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 }).stdout;

const passphrase = `file:${join(place, 'passphrase')}`;
writeFileSync(join(place, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
const key = join(place, 'log.key');
const said = chancery('keygen', key, '--identity', 'ops', '--passphrase', passphrase).trim();
const trusted = said.slice(said.indexOf('did:key:'));

const books = join(place, 'books');
chancery('run', '--at', '--data', books, '--sign', key, '--passphrase', passphrase, commands);
console.log(`as it was signed:\n${chancery('verify', '--data', books, '--key', trusted)}`);

/** Copies the store, changes the copy, and verifies it. */
const changed = (what: string, sql: string): void => {
  const copy = join(place, what.replaceAll(' ', '-'));
  mkdirSync(copy);
  copyFileSync(join(books, 'chancery.db'), join(copy, 'chancery.db'));
  const db = new Database(join(copy, 'chancery.db'));
  db.exec(sql);
  db.close();
  console.log(`${what}:\n${chancery('verify', '--data', copy, '--key', trusted)}`);
};

changed(
  'another payload',
  `UPDATE events SET data = replace(data, '"USD"', '"EUR"') WHERE position =
     (SELECT min(position) FROM events WHERE data LIKE '%"USD"%')`,
);
changed('an event dropped', 'DELETE FROM events WHERE position = 1000');
changed(
  'two events changed places',
  `UPDATE events SET position = -1 WHERE position = 500;
   UPDATE events SET position = 500 WHERE position = 501;
   UPDATE events SET position = 501 WHERE position = -1`,
);
changed(
  'the table of leaves gone too',
  `DELETE FROM rows WHERE tbl = 'logTree'; UPDATE events SET type = type || 'X' WHERE position = 700`,
);
rmSync(place, { recursive: true });
