/** Instants and spans in milliseconds. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The market opens on 2026-03-02 at 08:00 UTC. */
export const OPENING = 1_772_438_400_000;

/** When the last line is said: by then nearly every clock has run out. */
export const CLOSING = OPENING + 90 * DAY;
