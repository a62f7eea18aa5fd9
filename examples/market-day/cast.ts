import type { Actor } from './lines.ts';

const NAMES = [
  'ada bo cleo dov eni fay gus hana ivo jun kit lou',
  'mira ned oki pia quin rosa sol tam uma vik wen yara',
].flatMap((row) => row.split(' '));
const TRADES = ['bakes', 'draws', 'maps', 'mends', 'weaves'];

/** Everybody who trades: `ada.bakes` to `yara.weaves`. */
export const parties: readonly string[] = NAMES.flatMap((name) =>
  TRADES.map((trade) => `${name}.${trade}`),
);

/** Whose accounts the treasurer has an eye on: they sell like others, and buy in their own scenario alone. */
export const watched: readonly string[] = parties.filter((_, index) => index % 15 === 7);

/** Whose accounts are theirs all day. */
export const unwatched: readonly string[] = parties.filter((party) => !watched.includes(party));

export const rail: Actor = { id: 'sandbox', roles: ['rail'] };
export const treasurer: Actor = { id: 'tess', roles: ['treasurer'] };

/** Whom fees go to, and how many parts per million of what is released. */
export const FEE = { payee: 'platform', ppm: 25_000n } as const;

export const things: readonly string[] = [
  'two blue mugs',
  'a map of the old harbour',
  'a repaired accordion',
  'twelve rye loaves',
  'a portrait of a dog',
  'a wool blanket',
  'a website for a café',
  'the cover of a novel',
  'a chess table',
  'translation of a letter',
  'a bicycle, as new',
  'songs for a wedding',
  'three jars of honey',
  'a shelf, made to measure',
  'a sundial',
  'illustrations for 星の本',
];
