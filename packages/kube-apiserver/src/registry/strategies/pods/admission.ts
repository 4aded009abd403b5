import { randomInt } from 'node:crypto';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { equalJson } from '@ks-apiserver/apimachinery/schema/own';
import type { Fields } from '../../defaults/types.ts';
import { subjectOf } from '../../metadata.ts';
import type { WriteContext } from '../../strategy.ts';

const DEFAULT_ACCOUNT = 'default';
const TOKEN_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_VOLUME = 'kube-api-access-';
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const DEFAULT_TOLERATION_SECONDS = 300;

function find({ reader }: WriteContext, path: string): KubeObject | undefined {
  return reader.get(`/registry/${path}`)?.shared<KubeObject>();
}

function refuse(context: WriteContext, pod: KubeObject, why: string): Error {
  return forbidden(subjectOf(context.type, pod.metadata.name), why);
}

/** The token of the pod's account, the cluster's CA and the namespace's name as files. */
function tokenVolume(): Fields {
  let name = TOKEN_VOLUME;
  for (let i = 0; i < 5; i++) name += LETTERS[randomInt(LETTERS.length)];
  const namespace = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: namespace }] } },
      ],
      defaultMode: 420,
    },
  };
}

function mountToken(spec: Fields): void {
  const known = (spec.volumes as Fields[] | undefined)?.find(({ name }) => name?.startsWith(TOKEN_VOLUME));
  const volume = known ?? tokenVolume();
  let isNeeded = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as Fields[]) {
    const mounts: Fields[] = container.volumeMounts ?? [];
    if (mounts.some(({ mountPath }) => mountPath === TOKEN_MOUNT)) continue;
    container.volumeMounts = [...mounts, { name: volume.name, readOnly: true, mountPath: TOKEN_MOUNT }];
    isNeeded = true;
  }
  if (isNeeded && !known) spec.volumes = [...(spec.volumes ?? []), volume];
}

/** Admission plugin ServiceAccount. The account `default` may still be on its way in a new namespace: it comes for sure. */
function admitAccount(pod: KubeObject, context: WriteContext): void {
  const { spec, metadata } = pod;
  const name: string = spec.serviceAccountName || spec.serviceAccount || DEFAULT_ACCOUNT;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const account = find(context, `core/serviceaccounts/${metadata.namespace}/${name}`);
  if (!account && name !== DEFAULT_ACCOUNT) {
    const why = `serviceaccount ${JSON.stringify(name)} not found`;
    throw refuse(context, pod, `error looking up service account ${metadata.namespace}/${name}: ${why}`);
  }
  const mounts: boolean = spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
  if (mounts) mountToken(spec);
  const secrets = (account?.imagePullSecrets ?? []) as Fields[];
  if ((spec.imagePullSecrets ?? []).length === 0 && secrets.length > 0) {
    spec.imagePullSecrets = secrets.map((secret) => ({ name: secret.name }));
  }
}

/** Admission plugin Priority: a pod's priority is that of its class, and nothing else. */
function admitPriority(pod: KubeObject, context: WriteContext): void {
  const { spec } = pod;
  const name: string | undefined = spec.priorityClassName || undefined;
  const wished = name === undefined ? undefined : find(context, `scheduling.k8s.io/priorityclasses/${name}`);
  if (name && !wished) throw refuse(context, pod, `no PriorityClass with name ${name} was found`);
  const priority = Number(wished?.value ?? 0);
  const policy = wished?.preemptionPolicy ?? 'PreemptLowerPriority';
  const computed = 'must not be provided in pod spec; priority admission controller computed';
  if (spec.priority !== undefined && spec.priority !== priority) {
    const why = `the integer value of priority (${spec.priority}) ${computed} ${priority} from the given PriorityClass name`;
    throw refuse(context, pod, why);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    const given = `the string value of PreemptionPolicy (${spec.preemptionPolicy})`;
    throw refuse(context, pod, `${given} ${computed} ${policy} from the given PriorityClass name`);
  }
  spec.priority = priority;
  spec.preemptionPolicy = policy;
}

/** Admission plugin RuntimeClass: what the class costs and where it runs. */
function admitRuntimeClass(pod: KubeObject, context: WriteContext): void {
  const { spec } = pod;
  const name: string | undefined = spec.runtimeClassName;
  const found = name === undefined ? undefined : find(context, `node.k8s.io/runtimeclasses/${name}`);
  if (name !== undefined && !found) {
    throw refuse(context, pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
  const { overhead, scheduling } = (found ?? {}) as Fields;
  if (overhead?.podFixed) {
    if (spec.overhead && !equalJson(spec.overhead, overhead.podFixed)) {
      throw refuse(context, pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
    spec.overhead = { ...overhead.podFixed };
  } else if (spec.overhead !== undefined) {
    throw refuse(context, pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  }
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      const ours = `pod.spec.nodeSelector[${key}] = ${own}`;
      throw refuse(context, pod, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; ${ours}`);
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  for (const toleration of (scheduling?.tolerations ?? []) as Fields[]) {
    spec.tolerations ??= [];
    if (!spec.tolerations.some((one: Fields) => equalJson(one, toleration))) spec.tolerations.push({ ...toleration });
  }
}

/** Admission plugin DefaultTolerationSeconds. */
function tolerateBadNodes(spec: Fields): void {
  spec.tolerations ??= [];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const tolerated = spec.tolerations.some(
      (toleration: Fields) =>
        (toleration.key === key || (!toleration.key && toleration.operator === 'Exists')) &&
        (!toleration.effect || toleration.effect === 'NoExecute'),
    );
    if (tolerated) continue;
    const tolerationSeconds = DEFAULT_TOLERATION_SECONDS;
    spec.tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds });
  }
}

/** What Kubernetes' admission plugins make of a new pod; throws a StatusError 403. */
export function admitPod(pod: KubeObject, context: WriteContext): void {
  admitAccount(pod, context);
  admitPriority(pod, context);
  tolerateBadNodes(pod.spec);
  admitRuntimeClass(pod, context);
}
