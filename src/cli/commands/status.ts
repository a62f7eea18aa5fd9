import type { EngineStatus } from '../../engine/run/engine.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeInstant } from '../instant.ts';
import type { UnclaimedView } from '../../adapters/rails/unclaimed-payments.ts';
import { unclaimedIn, visiting } from '../open.ts';
import type { Place } from '../place.ts';
import { columns, type Output } from '../output.ts';
import { lettersOf } from './dead-letters.ts';

const projectionRows = ({ projections }: EngineStatus) =>
  projections.flatMap(({ projection, version, position = '-', events, building, ...how }) => [
    [projection, String(version), position, String(events), stateOf(how)],
    ...(building === undefined ? [] : [buildingRow(projection, building)]),
  ]);

type Projection = EngineStatus['projections'][number];

const stateOf = ({ broken, isStale }: Pick<Projection, 'broken' | 'isStale'>): string => {
  if (isStale === true) return 'stands still until its new version is built';
  return broken === undefined ? 'runs' : `broken at ${broken.position}: ${broken.cause}`;
};

const buildingRow = (
  projection: string,
  { version, position = '-', events, outOf, broken }: NonNullable<Projection['building']>,
): readonly string[] => [
  `${projection} (new)`,
  String(version),
  position,
  String(events),
  broken === undefined
    ? `being built, ${events} of ${outOf} events`
    : `broken at ${broken.position}: ${broken.cause}`,
];

const reactionRows = ({ reactions }: EngineStatus) =>
  reactions.map(({ reaction, position = '-', failure }) => [
    reaction,
    position,
    failure === undefined ? 'runs' : `tries again: ${failure}`,
  ]);

const effectRows = ({ outbox }: EngineStatus) =>
  outbox.map(({ effect, position = '-', waiting, unknown, failed, oldest, failure }) => [
    effect,
    position,
    String(waiting),
    String(unknown),
    String(failed),
    oldest === undefined ? '-' : describeInstant(oldest),
    failure === undefined ? 'runs' : `tries again: ${failure}`,
  ]);

const EFFECT_COLUMNS = ['effect', 'position', 'waiting', 'unknown', 'failed', 'oldest', 'state'];

const describeTrouble = ({ troubles }: UnclaimedView): readonly string[] =>
  troubles.map(({ rail, failure }) => `rail ${rail} is not read: ${failure}`);

const describeStatus = (status: EngineStatus, dead: number, unclaimed: UnclaimedView): string => {
  const { instance, clock, store, head = 'empty', deadlines } = status;
  const { nearest, stuck } = deadlines;
  return [
    columns([
      ['store', store],
      ['instance', instance],
      ['time', clock],
      ['log at', head],
      ['nearest deadline', nearest === undefined ? 'none' : describeInstant(nearest)],
      ['stuck streams', String(stuck.length)],
      ['dead letters', String(dead)],
      ['unclaimed', String(unclaimed.payments.length)],
    ]),
    '',
    columns([['projection', 'version', 'position', 'events', 'state'], ...projectionRows(status)]),
    '',
    columns([['reaction', 'position', 'state'], ...reactionRows(status)]),
    ...(status.outbox.length === 0 ? [] : ['', columns([EFFECT_COLUMNS, ...effectRows(status)])]),
    ...describeTrouble(unclaimed),
    ...stuck.map((each) => JSON.stringify(each)),
  ].join('\n');
};

/** `chancery status`: how the store and all that follows its log are. */
export const status = (place: Place, output: Output): Promise<ExitCode> =>
  visiting(place, async (engine) => {
    const found = await engine.status();
    let deadLetters = 0;
    for await (const _ of lettersOf(engine)) deadLetters += 1;
    const unclaimed = unclaimedIn(place);
    const { payments: unclaimedPayments, troubles: railTroubles } = unclaimed;
    output.item({ ...found, deadLetters, unclaimedPayments, railTroubles }, () =>
      describeStatus(found, deadLetters, unclaimed),
    );
    const isWhole = found.projections.every(
      ({ broken, building }) => broken === undefined && building?.broken === undefined,
    );
    const hasFailed = found.outbox.some(({ failed }) => failed > 0);
    const isWaiting = deadLetters + unclaimedPayments.length + railTroubles.length > 0 || hasFailed;
    return isWhole && !isWaiting ? exitCodes.done : exitCodes.notRight;
  });
