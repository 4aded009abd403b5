const HASH = /^[bcdfghjklmnpqrstvwxz2456789]{1,10}-[a-z0-9]{5}$/;
const SUFFIX = /^[a-z0-9]{5}$/;
const NUMBER = /^[0-9]+$/;

/** Longest name of a workload whose pods have the whole hash of their ReplicaSet in their name. */
const MAX_WITH_HASH = 46;

/** Kubernetes cuts names that it generates to this length before their suffix. */
const MAX_PREFIX = 58;

/**
 * Whether a pod's name is one of a workload's: of a Deployment, of a StatefulSet, or of a DaemonSet
 * or Job.
 */
export function isPodOf(workload: string, pod: string): boolean {
  if (workload.length >= MAX_PREFIX) {
    const cut = workload.slice(0, MAX_PREFIX);
    if (pod.startsWith(cut) && SUFFIX.test(pod.slice(MAX_PREFIX))) {
      return true;
    }
  }

  if (!pod.startsWith(`${workload}-`)) {
    return false;
  }

  const rest = pod.slice(workload.length + 1);
  if (NUMBER.test(rest)) {
    return true;
  }
  if (workload.length >= MAX_PREFIX) {
    return false;
  }
  if (SUFFIX.test(rest)) {
    return true;
  }
  if (workload.length <= MAX_WITH_HASH) {
    return HASH.test(rest);
  }

  const hash = rest.slice(0, -5);

  return (
    hash.length === MAX_PREFIX - 1 - workload.length &&
    /^[bcdfghjklmnpqrstvwxz2456789]*$/.test(hash) &&
    SUFFIX.test(rest.slice(-5))
  );
}
