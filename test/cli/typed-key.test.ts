import { typedId, typedKey } from '../../src/engine/typed-key.ts';

it.each([
  ['a number', 'refund/late\u000100000000000000000042', 'refund/late/00000000000000000042'],
  ['a pair', 'refund/7\u000100000000010587/10587', 'refund/7/00000000010587-10587'],
])('N19: a key whose position is %s is typed and read back', (_, key, id) => {
  expect([typedId(key), typedKey(id)]).toEqual([id, key]);
});

it('an id without a position is no key', () => {
  expect(typedKey('nothing')).toBe('nothing');
});
