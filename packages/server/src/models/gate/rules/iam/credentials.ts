import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import type { UserRights } from '../../../iam/users/user-rights.ts';
import { nameOf, type Rule, type WriteAttempt } from '../../attempt.ts';
import { requireAdministrator } from './administrators.ts';

const CERTIFICATES = 'certificates.k8s.io/certificatesigningrequests';

/** The signer whose requests only an administrator approves. */
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

/**
 * Reviews certificate signing requests: approving one makes an identity. Only administrators
 * request certificates of other signers: Kubernetes approves some of those by itself, such as a
 * kubelet's, by the rights of the requester, which for calls through this server are its own.
 */
export function certificateRule(authorizer: Authorizer): Rule {
  return {
    resources: new Set([CERTIFICATES, `${CERTIFICATES}/approval`, `${CERTIFICATES}/status`]),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { info, proposed } = attempt;
      if (info.subresource !== '') {
        requireAdministrator(authorizer, attempt, 'decide about certificates');
      }

      const signer = proposed?.spec?.signerName;
      if (signer !== CLIENT_SIGNER && !attempt.checkedByKubernetes) {
        requireAdministrator(authorizer, attempt, `ask for certificates of the signer ${signer}`);
      }
    },
  };
}

const TOKEN_SECRET = 'kubernetes.io/service-account-token';
const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';

function accountOf(secret: KubeObject | undefined): string {
  return secret?.type === TOKEN_SECRET
    ? (secret.metadata.annotations?.[ACCOUNT_ANNOTATION] ?? '')
    : '';
}

/**
 * Reviews tokens of ServiceAccounts, requested or kept in a Secret: a token's holder acts as the
 * account, so the caller must have all its rights.
 */
export function serviceAccountTokenRule(users: UserRights): Rule {
  return {
    resources: new Set(['/serviceaccounts/token', '/secrets']),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { caller, info, stored, proposed } = attempt;
      const account = info.resource === 'secrets' ? accountOf(proposed) : info.name;
      if (account === '' || (stored && account === accountOf(stored))) {
        return;
      }

      const { namespace } = info;
      const name = `system:serviceaccount:${namespace}:${account}`;
      const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
      if (users.outranks(caller, name, groups)) {
        return;
      }

      throw new StatusError(
        403,
        'Forbidden',
        `serviceaccounts "${account}" is forbidden: user "${caller.name}" may not do all that its token would allow`,
      );
    },
  };
}

/**
 * Reviews the CustomResourceDefinitions of KubeSphere: changing one, or its conversion webhook,
 * gives access to all objects of the kind.
 */
export function platformKindRule(authorizer: Authorizer): Rule {
  return {
    resources: new Set(['apiextensions.k8s.io/customresourcedefinitions']),
    seesDeletions: true,

    async review(attempt: WriteAttempt): Promise<undefined> {
      const name = nameOf(attempt);
      // Without a name, the call deletes all of them.
      if (name === '' || /\.(kubesphere|kubefed)\.io$/.test(name)) {
        requireAdministrator(authorizer, attempt, 'change the kinds of KubeSphere');
      }
    },
  };
}
