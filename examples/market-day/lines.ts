import canonicalize from 'canonicalize';

export type Actor = string | { readonly id: string; readonly roles: readonly string[] };

/** A command as somebody says it, under an id of its own or none. */
export type Saying = {
  readonly stream: string;
  readonly command: string;
  readonly data: object;
  readonly actor: Actor;
  readonly id?: string | undefined;
};

/** What a line must be answered. */
export type Answer =
  | { readonly outcome: 'accepted'; readonly events: readonly string[] }
  | { readonly outcome: 'granted' }
  | { readonly outcome: 'refused'; readonly refusal: string }
  | { readonly outcome: 'repeated'; readonly first: 'accepted' }
  | { readonly outcome: 'malformed'; readonly path: string };

export const accepted = (...events: readonly string[]): Answer => ({ outcome: 'accepted', events });
export const granted: Answer = { outcome: 'granted' };
export const refused = (refusal: string): Answer => ({ outcome: 'refused', refusal });
export const repeated: Answer = { outcome: 'repeated', first: 'accepted' };
export const malformed = (path: string): Answer => ({ outcome: 'malformed', path });

/** A value as JSON with sorted keys, so that the same day has the same bytes. */
export const sortedJson = (value: unknown): string => canonicalize(value) ?? 'null';

/** A line of the command file: its bytes without the newline, and the answer it must get. */
export type Line = { readonly bytes: Uint8Array; readonly answer: Answer };

/** The bytes of both files: the commands, and an expected outcome for each line followed by the expected totals. */
export const filesOf = (
  lines: readonly Line[],
  totals: readonly object[],
): { readonly commands: Buffer; readonly outcomes: Buffer } => {
  const newline = Buffer.from('\n');
  const expected = lines.map(({ answer }, index) => ({ line: index + 1, ...answer }));
  return {
    commands: Buffer.concat(lines.flatMap(({ bytes }) => [bytes, newline])),
    outcomes: Buffer.from([...expected, ...totals].map((row) => `${sortedJson(row)}\n`).join('')),
  };
};
