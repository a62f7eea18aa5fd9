/** The one door to fp-ts: everything else imports from here, so that the dialect stays small. */
export * as E from 'fp-ts/lib/Either.js';
export * as TE from 'fp-ts/lib/TaskEither.js';
export { pipe } from 'fp-ts/lib/function.js';
