/** What a process of the command line says by its exit code. */
export const exitCodes = {
  done: 0,
  /** Something was not understood, or is not right. */
  notRight: 1,
  wrongUsage: 2,
  storeFailed: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error that ends the program with one line for people and an exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The message of anything thrown. */
export const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);
