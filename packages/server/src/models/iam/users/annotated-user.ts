import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';

/** Key and value of an annotation. */
export type Annotation = [key: string, value: string];

/** How many forms of one user are remembered: one for each scope whose members are listed. */
const FORMS = 4;

/** Bytes of users by their added annotations, as long as the users are unchanged. */
const forms = new WeakMap<Entry, Map<string, Buffer>>();

/** Returns the bytes of a user's object with annotations of their roles added. */
export function annotatedUser(entry: Entry, added: readonly Annotation[]): Buffer {
  if (added.length === 0) {
    return entry.bytes;
  }

  let key = '';

  for (const [name, value] of added) {
    key += `${name}=${value}\n`;
  }

  const known = forms.get(entry) ?? new Map<string, Buffer>();
  let bytes = known.get(key);

  if (!bytes) {
    const user: KubeObject = JSON.parse(entry.bytes.toString());
    user.metadata.annotations = { ...user.metadata.annotations, ...Object.fromEntries(added) };
    bytes = Buffer.from(JSON.stringify(user));

    if (known.size >= FORMS) {
      known.clear();
    }

    forms.set(entry, known.set(key, bytes));
  }

  return bytes;
}
