import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A stand-in of EventStoreDB in a process of its own. */
export type ServerProcess = {
  /** How it is connected to. */
  readonly url: string;
  readonly end: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
};

/** Starts a stand-in on a port, or on any that is free. */
export const serverProcess = async (port = 0): Promise<ServerProcess> => {
  const script = join(__dirname, 'esdb', 'serve.ts');
  const child = spawn(process.execPath, [script, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const { value: url } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  if (typeof url !== 'string') throw new Error('the stand-in has ended before it served');
  return {
    url,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await exited;
    },
  };
};
