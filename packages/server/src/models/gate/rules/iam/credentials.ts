import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import type { UserRights } from '../../../iam/users/user-rights.ts';
import { nameOf, type Rule, type WriteAttempt } from '../../attempt.ts';
import { requireAdministrator } from './administrators.ts';

const CERTIFICATES = 'certificates.k8s.io/certificatesigningrequests';

/** The signer whose certificates are never approved but by an administrator. */
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

/**
 * Certificates: who approves one makes whom it names. Requests for other signers are an
 * administrator's too: Kubernetes approves some by itself, such as a kubelet's, by the rights of
 * who asks, which through this server are the server's own.
 */
export class CertificateRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set([
    CERTIFICATES,
    `${CERTIFICATES}/approval`,
    `${CERTIFICATES}/status`,
  ]);

  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  review(attempt: WriteAttempt): undefined {
    const { info, wished } = attempt;
    if (info.subresource !== '') {
      requireAdministrator(this.#authorizer, attempt, 'decide about certificates');
    }

    const signer = (wished?.spec as { signerName?: string } | undefined)?.signerName;
    if (signer !== CLIENT_SIGNER && !attempt.checkedByKubernetes) {
      requireAdministrator(
        this.#authorizer,
        attempt,
        `ask for certificates of the signer ${signer}`,
      );
    }
  }
}

const TOKEN_SECRET = 'kubernetes.io/service-account-token';
const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';

function accountOf(secret: KubeObject | undefined): string {
  return secret?.type === TOKEN_SECRET
    ? (secret.metadata.annotations?.[ACCOUNT_ANNOTATION] ?? '')
    : '';
}

/**
 * Tokens of ServiceAccounts, asked for or kept in a Secret: who has one acts as the account, and
 * must hold its rights.
 */
export class ServiceAccountTokenRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set(['/serviceaccounts/token', '/secrets']);
  readonly #users: UserRights;

  constructor(users: UserRights) {
    this.#users = users;
  }

  review(attempt: WriteAttempt): undefined {
    const { caller, info, stored, wished } = attempt;
    const account = info.resource === 'secrets' ? accountOf(wished) : info.name;
    if (account === '' || (stored && account === accountOf(stored))) {
      return;
    }

    const { namespace } = info;
    const name = `system:serviceaccount:${namespace}:${account}`;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    if (this.#users.outranks(caller, name, groups)) {
      return;
    }

    throw new StatusError(
      403,
      'Forbidden',
      `serviceaccounts "${account}" is forbidden: user "${caller.name}" may not do all that its token would allow`,
    );
  }
}

/**
 * Kinds of KubeSphere itself: who changes what they are, or how they are converted, sees and makes
 * objects of all of them.
 */
export class PlatformKindRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set([
    'apiextensions.k8s.io/customresourcedefinitions',
  ]);
  readonly seesDeletions = true;
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  review(attempt: WriteAttempt): undefined {
    const name = nameOf(attempt);
    // Without a name it is a deletion of all.
    if (name === '' || /\.(kubesphere|kubefed)\.io$/.test(name)) {
      requireAdministrator(this.#authorizer, attempt, 'change the kinds of KubeSphere');
    }
  }
}
