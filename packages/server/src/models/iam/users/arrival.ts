import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/** How long a stored user may take to arrive in the server's copy, in milliseconds. */
const ARRIVAL_MS = 5000;

/**
 * Waits until the copy of the users shows a user as he was stored, or a later state: who is told
 * that he was made, or has another password, may log in with it at once. Answers false when that
 * takes too long.
 */
export function hasArrived(users: Informer, { metadata }: KubeObject): Promise<boolean> {
  const { name = '', uid, resourceVersion } = metadata;

  const shows = () => {
    const known = users.store.get(name);
    // Versions of one resource can be compared (Kubernetes "Resource versions", since 1.35 as a
    // promise).
    return known?.uid === uid && Number(known?.resourceVersion) >= Number(resourceVersion);
  };

  if (shows()) {
    return Promise.resolve(true);
  }

  return new Promise((resolve) => {
    const end = (arrived: boolean) => {
      clearTimeout(timer);
      unsubscribe();
      resolve(arrived);
    };

    const timer = setTimeout(() => end(false), ARRIVAL_MS);

    const unsubscribe = users.store.onChange(({ entry }) => {
      if (entry.name === name && shows()) {
        end(true);
      }
    });
  });
}
