import type * as t from 'io-ts';

type Entry = t.ContextEntry;

const tagOf = ({ type }: Entry): string | undefined =>
  '_tag' in type && typeof type._tag === 'string' ? type._tag : undefined;

/** Whether a context's entry is no place in the data: io-ts puts the index of a union's member or an intersection's part there. */
const isMember = (context: t.Context, index: number, tags = ['UnionType', 'IntersectionType']) => {
  const parent = context[index - 1];
  return parent !== undefined && tags.includes(tagOf(parent) ?? '');
};

/** The keys that lead to a place in the data. */
export const keysOf = (context: t.Context): readonly string[] =>
  context.filter((_, index) => index > 0 && !isMember(context, index)).map((entry) => entry.key);

/** Where the first union behind `from` has its member in an error's context; Infinity: there is none. */
const memberAt = ({ context }: t.ValidationError, from: number): number => {
  const index = context.findIndex((_, at) => at > from && isMember(context, at, ['UnionType']));
  return index < 0 ? Infinity : index;
};

const prefixOf = ({ context }: t.ValidationError, length: number): string =>
  JSON.stringify(context.slice(0, length).map((entry) => entry.key));

const isOfLiteral = ({ context }: t.ValidationError): boolean => {
  const last = context.at(-1);
  return last !== undefined && tagOf(last) === 'LiteralType';
};

/**
 * How far a value is from a union's member at `at`: one of another kind altogether is farthest; a literal that differs says that
 * another member was meant, whatever else is wrong; else each wrong place counts.
 */
const distanceOf = (errors: t.Errors, at: number): number => {
  const isOfAnotherKind = errors.some(({ context }) => context.length === at + 1);
  const literals = errors.filter(isOfLiteral).length;
  const places = new Set(errors.map(({ context }) => JSON.stringify(keysOf(context))));
  return (isOfAnotherKind ? 1e12 : 0) + (literals > 0 ? literals * 1e6 : places.size);
};

/** Of what each member of a union has against a value, what those say that come closest to it. */
export const closest = (errors: t.Errors, from = 0): t.Errors => {
  const at = Math.min(...errors.map((error) => memberAt(error, from)));
  if (at === Infinity) return errors;
  const inUnion = errors.filter((error) => memberAt(error, from) === at);
  const unions = Object.values(Object.groupBy(inUnion, (error) => prefixOf(error, at)));
  const far = new Set(
    unions.flatMap((union = []) => {
      const members = Object.values(Object.groupBy(union, (error) => prefixOf(error, at + 1)));
      const least = Math.min(...members.map((member = []) => distanceOf(member, at)));
      return members.filter((member = []) => distanceOf(member, at) > least).flat();
    }),
  );
  return closest(
    errors.filter((error) => !far.has(error)),
    at,
  );
};
