import {
  JenkinsReadError,
  type JenkinsReader,
} from '@ks-apiserver/upstreams/jenkins/jenkins-reader';
import { plainFailure, upstreamFailure } from './jenkins-failure.ts';
import { credentialPath, type PathNames } from './jenkins-paths.ts';

/** Which runs have used a credential. */
export interface CredentialUsage extends Record<string, unknown> {
  id: unknown;
  type: unknown;
}

/** Reads from Jenkins which runs have used a credential. Rejects with 500 where it has none. */
export async function credentialUsage(
  jenkins: JenkinsReader,
  names: PathNames,
  signal: AbortSignal,
): Promise<CredentialUsage> {
  const path = `${credentialPath(names)}/api/json?depth=2`;

  try {
    const found = ((await jenkins.json(path, signal)) ?? {}) as Record<string, unknown>;

    return {
      ...found,
      id: found.id ?? names.credential,
      type: found.type ?? found.typeName ?? '',
      display_name: found.display_name ?? found.displayName,
      // Jenkins names the credential's place by its path alone.
      domain: found.domain ?? '_',
    };
  } catch (error) {
    // With the call and the page, as in 3.0.
    throw error instanceof JenkinsReadError
      ? plainFailure(error.message, error)
      : upstreamFailure(error);
  }
}
