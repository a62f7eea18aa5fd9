import { callerMistake, policyWorld, transient } from '../support/policy-world.ts';
import type { PolicyTelemetry } from '../../src/adapters/resilience/telemetry.ts';
import type { Telemetry } from '../../src/engine/telemetry.ts';

const idempotent = { repeat: 'idempotent' } as const;

it('a telemetry hears of every decision, once', async () => {
  const world = policyWorld({
    attemptMs: 50,
    breaker: { failuresInRow: 2, openMs: 1_000, successesToClose: 1 },
    bulkhead: { atOnce: 1, queue: 1 },
  });
  const run = (...script: readonly (readonly [number, unknown])[]) =>
    void world.policy.run(idempotent, world.scripted(...script))();
  run([10, transient], [70, 'too late']);
  run([10, callerMistake]);
  run([0, 'no room']);
  await world.pass(999);
  run([0, 'shut']);
  await world.pass(1_000);
  run([0, 'well']);
  world.policy.pin('closed', 5);
  await world.pass(0);
  expect(world.lines).toEqual([
    '0 bulkhead.queued 1',
    '0 bulkhead.refused 1 1',
    '0 policy.run 0 BulkheadFull',
    '10 policy.attempt 1 CallFailed',
    '10 retry.granted 2 50',
    '20 policy.attempt 1 CallFailed',
    '20 policy.run 0 CallFailed',
    '110 timeout attempt 50',
    '110 breaker.opened 1 1000',
    '110 policy.attempt 2 TimedOut',
    '110 retry.granted 3 100',
    '210 breaker.refused',
    '210 retry.refused circuitOpen',
    '210 policy.run 0 RetriesExhausted',
    '999 breaker.refused',
    '999 policy.run 0 CircuitOpen',
    '1999 breaker.halfOpened 2',
    '1999 breaker.pinned closed 5',
    '1999 breaker.closed 3',
    '1999 policy.attempt 1 done',
    '1999 policy.run 0 done',
  ]);
});

it('a telemetry that throws does no harm', async () => {
  const boom = () => {
    throw new Error('a bug of the telemetry');
  };
  for (const telemetry of [
    { span: boom, count: boom },
    { span: () => boom, count: boom },
  ]) {
    const world = policyWorld({ telemetry });
    const result = world.policy.run(idempotent, async () => 'read')();
    await world.pass(0);
    expect(await result).toEqual({ _tag: 'Right', right: 'read' });
  }
});

it('one telemetry may serve the engine and the policies', () => {
  const both = {
    span: () => () => undefined,
    count: () => undefined,
    deadlineLate: () => undefined,
  };
  const [engine, policies]: [Telemetry, PolicyTelemetry] = [both, both];
  expect(engine).toBe(policies);
});
