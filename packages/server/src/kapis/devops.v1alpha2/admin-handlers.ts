import type { Handler } from '@ks-apiserver/http/routes/route';
import type { JenkinsReader } from '@ks-apiserver/upstreams/jenkins/jenkins-reader';
import { inShape } from '../../models/devops/answer-shape.ts';
import { credentialUsage } from '../../models/devops/credential-usage.ts';
import type { SonarStatuses } from '../../models/devops/sonar-status.ts';
import { CredentialUsageSchema } from './types.ts';

/** Handler of the usage of a credential, which only Jenkins' administrator can read. */
export function credentialUsageHandler(jenkins: JenkinsReader): Handler {
  return async ({ params, signal }) =>
    inShape(await credentialUsage(jenkins, params, signal), CredentialUsageSchema);
}

/** Handler of what SonarQube found in the last build. */
export function sonarStatusHandler(sonar: SonarStatuses): Handler {
  return ({ params, signal }) => sonar.of(params, signal);
}
