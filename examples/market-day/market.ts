import { openAccounts, type Accounts } from './accounts.ts';
import { sortedJson, type Answer, type Line, type Saying } from './lines.ts';
import type { Random } from './random.ts';
import { CLOSING, OPENING } from './time.ts';

/** What somebody does over days: between two things it yields the instant at which it goes on. */
export type Script = Generator<number, void>;

/** A clock of a deal: when it rings, and what silence then does. */
type Clock = { readonly at: number; readonly ring: () => void };

/** The day as it is told: the scripts in turn, the lines they say, the clocks they leave running. */
export type Market = {
  readonly random: Random;
  readonly accounts: Accounts;
  /** Every deal of the day, to be counted in the end. */
  readonly deals: { readonly status: string }[];
  readonly now: () => number;
  /** The instant some time from now, to the millisecond. */
  readonly within: (least: number, most: number) => number;
  /** Says a line now; of lines said at one instant a few are stamped a little earlier, by a clock that is behind. */
  readonly say: (saying: Saying, answer: Answer) => void;
  /** A line that no writer of JSON would write. */
  readonly blurt: (bytes: string | Uint8Array, answer: Answer) => void;
  /** A number nobody has had: of deals, deposits, ids. */
  readonly next: (kind: string) => string;
  readonly setClock: (stream: string, clock: Clock | undefined) => void;
  readonly begin: (at: number, script: Script) => void;
  /** Runs all scripts to their ends; the lines in the order in which they were said. */
  readonly run: () => readonly Line[];
};

type Waiting = { readonly at: number; readonly order: number; readonly script: Script };

const earliest = (waiting: readonly Waiting[]): Waiting | undefined =>
  waiting.reduce<Waiting | undefined>(
    (first, each) =>
      first === undefined ||
      each.at < first.at ||
      (each.at === first.at && each.order < first.order)
        ? each
        : first,
    undefined,
  );

export const openMarket = (random: Random): Market => {
  const lines: Line[] = [];
  const clocks = new Map<string, Clock>();
  const numbers = new Map<string, number>();
  let waiting: Waiting[] = [];
  let order = 0;
  let now = OPENING;
  let saidAt = 0;

  const next = (kind: string): string => {
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    return `${kind}${String(number).padStart(4, '0')}`;
  };

  /** Time passes: every clock that rings on the way rings first, the earliest before all others. */
  const pass = (until: number): void => {
    for (;;) {
      const due = [...clocks]
        .filter(([, { at }]) => at <= until)
        .toSorted(([a, first], [b, second]) => first.at - second.at || (a < b ? -1 : 1))[0];
      if (due === undefined) break;
      const [stream, { at, ring }] = due;
      now = at;
      clocks.delete(stream);
      ring();
    }
    now = until;
  };

  const begin = (at: number, script: Script): void => {
    if (at < now || at > CLOSING)
      throw new Error(`a script wants to go on at ${at}, now is ${now}`);
    waiting.push({ at, order: order++, script });
  };

  const blurt: Market['blurt'] = (bytes, answer) =>
    void lines.push({ bytes: Buffer.from(bytes), answer });

  return {
    random,
    accounts: openAccounts(),
    deals: [],
    now: () => now,
    within: (least, most) => now + random.int(least, most),
    next,
    begin,
    blurt,
    say: ({ id, ...saying }, answer) => {
      const given = id ?? (random.oneIn(3) ? next('m-') : undefined);
      const named = given === undefined ? {} : { id: given };
      const lateMs = saidAt === now && random.oneIn(80) ? random.int(1, 2_000) : 0;
      saidAt = now;
      blurt(sortedJson({ ...saying, ...named, at: now - lateMs }), answer);
    },
    setClock: (stream, clock) => {
      if (clock === undefined) clocks.delete(stream);
      else clocks.set(stream, clock);
    },
    run: () => {
      for (let turn = earliest(waiting); turn !== undefined; turn = earliest(waiting)) {
        const { script } = turn;
        waiting = waiting.filter((each) => each !== turn);
        pass(turn.at);
        const { done, value } = script.next();
        if (done !== true) begin(value, script);
      }
      return lines;
    },
  };
};
