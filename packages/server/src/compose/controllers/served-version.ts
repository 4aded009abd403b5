import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeClient } from '@ks-apiserver/client/kube/client';

/**
 * Returns the version of a group to write: `fallback` when the API serves it or does not know the
 * group.
 */
export async function servedVersion(
  client: KubeClient,
  group: string,
  fallback: string,
): Promise<string> {
  try {
    const { versions, preferredVersion } = JSON.parse(
      (await client.raw('GET', `/apis/${group}`)).toString(),
    ) as {
      versions: { version: string }[];
      preferredVersion: { version: string };
    };

    return versions.some(({ version }) => version === fallback)
      ? fallback
      : preferredVersion.version;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) {
      return fallback;
    }
    throw error;
  }
}
