/**
 * The key of a dead letter or of an effect's work as people type it: its last part, the event's position, stands behind a slash. A position
 * that is a pair is typed with a dash.
 */
export const typedId = (key: string): string => {
  const [name = '', position = ''] = key.split('\u0001');
  return `${name}/${position.replace('/', '-')}`;
};

export const typedKey = (id: string): string => {
  const slash = id.lastIndexOf('/');
  if (slash < 0) return id;
  return `${id.slice(0, slash)}\u0001${id.slice(slash + 1).replace('-', '/')}`;
};
