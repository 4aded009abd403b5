import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/** How long the server's copy may lag behind a stored user, in milliseconds. */
const ARRIVAL_MS = 5000;

/**
 * Waits until the copy of the users has a user as they were stored, or a later state, so that they
 * may log in at once after the answer. Returns false if that takes too long.
 */
export async function waitForUser(users: Informer, { metadata }: KubeObject): Promise<boolean> {
  const { name = '', uid, resourceVersion } = metadata;

  const shows = () => {
    const known = users.store.get(name);
    // Versions of one resource can be compared (Kubernetes "Resource versions", guaranteed since
    // 1.35).
    return known?.uid === uid && Number(known?.resourceVersion) >= Number(resourceVersion);
  };

  if (shows()) {
    return true;
  }

  return new Promise<boolean>((resolve) => {
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
