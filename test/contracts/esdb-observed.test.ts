import { observedCases, RECORDED_VERSION, replayed } from '../support/esdb/observed.ts';
import { startStandIn } from '../support/esdb/stand-in.ts';

/** Compares what a server answers with what was recorded, step by step. */
const agreement = (
  server: string,
  answersOf: () => Promise<ReadonlyMap<string, readonly unknown[]>>,
) => {
  describe(`${server} answers as EventStoreDB ${RECORDED_VERSION} did`, () => {
    let answers: ReadonlyMap<string, readonly unknown[]>;
    beforeAll(async () => {
      answers = await answersOf();
    });

    it.each(observedCases)('$name: $why', ({ name, steps, observed }) => {
      const pairs = (given: readonly unknown[] = []) =>
        steps.map((step, index) => ({ step, answer: given[index] }));
      expect(pairs(answers.get(name))).toEqual(pairs(observed[RECORDED_VERSION]));
    });
  });
};

agreement('the stand-in', async () => {
  const server = await startStandIn();
  try {
    return await replayed(server.connectionString);
  } finally {
    await server.stop('kill');
  }
});

const real = process.env['ESDB_URL'];
if (real === undefined) {
  process.stdout.write('ESDB_URL names no server: the recorded cases ran on the stand-in alone.\n');
} else {
  agreement(`the server at ${real}`, () => replayed(real));
}

it('32 cases are recorded, each with an answer to every step', () => {
  const unanswered = observedCases.filter(
    ({ steps, observed }) => observed[RECORDED_VERSION]?.length !== steps.length,
  );
  expect([observedCases.length, unanswered]).toEqual([32, []]);
});
