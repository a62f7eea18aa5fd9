/** The key of a dead letter or of an effect's work as people type it: its last part stands behind a slash. */
export const typedId = (key: string): string => key.replace('\u0001', '/');
export const typedKey = (id: string): string => id.replace(/\/(?=[^/]*$)/, '\u0001');
