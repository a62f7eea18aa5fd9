import { main } from './cli/program.ts';

export { main };

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
