/** Finalizer of a DevOps project: its folder in Jenkins is deleted first. */
export const DEVOPS_PROJECT_FINALIZER = 'devopsproject.finalizers.kubesphere.io';

/** Finalizer of a pipeline: its job in Jenkins is deleted first. */
export const PIPELINE_FINALIZER = 'pipeline.finalizers.kubesphere.io';

/** Finalizer of a Secret that is a credential: the one in Jenkins is deleted first. */
export const CREDENTIAL_FINALIZER = 'finalizers.kubesphere.io/credential';

/** Finalizer of a binary that images are built from, and of a run that uses one. */
export const S2I_BINARY_FINALIZER = 's2ibinary.finalizers.kubesphere.io';

/** Label of a run: the binary that it uses, and that is deleted with it. */
export const S2I_BINARY_LABEL = 's2ibinary-name.kubesphere.io';

/** Annotation of a credential, with any value: later changes of it reach Jenkins. */
export const AUTOSYNC_ANNOTATION = 'credential.devops.kubesphere.io/autosync';

/** Types of Secrets that are credentials of Jenkins begin with this. */
export const CREDENTIAL_TYPE_PREFIX = 'credential.devops.kubesphere.io/';

/** What a type of credentials is made of: the keys of its data, in 3.0's words. */
export const CREDENTIAL_KEYS: Readonly<Record<string, readonly string[]>> = {
  'credential.devops.kubesphere.io/basic-auth': ['username', 'password'],
  'credential.devops.kubesphere.io/ssh-auth': ['username', 'passphrase', 'privatekey'],
  'credential.devops.kubesphere.io/secret-text': ['secret'],
  'credential.devops.kubesphere.io/kubeconfig': ['content'],
};

/** Whether a type of Secrets is one of credentials for Jenkins. */
export function isCredentialType(type: unknown): boolean {
  return typeof type === 'string' && Object.hasOwn(CREDENTIAL_KEYS, type);
}

/** Prefixes of annotations with what became of an object in Jenkins, as in KubeSphere 3.1. */
export const SYNC_PREFIXES = {
  project: 'devopsproject.devops.kubesphere.io/',
  pipeline: 'pipeline.devops.kubesphere.io/',
  credential: 'credential.devops.kubesphere.io/',
} as const;

/** Ends of the names of these annotations. */
export const SYNC = {
  /** `pending`, `successful` or `failed`. */
  status: 'syncstatus',
  /** What Jenkins said, of a failure. */
  message: 'syncmsg',
  /** When that changed last (RFC 3339). */
  time: 'synctime',
  /** Hash of the spec that Jenkins has. */
  hash: 'spechash',
} as const;

/** Annotation of a DevOps project: `pending` until its folder is known to be its own. */
export const PROJECT_STATUS_ANNOTATION = `${SYNC_PREFIXES.project}${SYNC.status}`;
