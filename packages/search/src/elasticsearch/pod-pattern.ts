/** Characters of the hashes in names of ReplicaSets and pods: no vowels, no 0, 1 and 3. */
const HASH = '[bcdfghjklmnpqrstvwxz2456789]';
const SUFFIX = '[a-z0-9]{5}';

/** Longest name of a workload whose pods have the whole hash of their ReplicaSet in their name. */
const MAX_WITH_HASH = 46;

/** Kubernetes cuts names that it generates to this length before their suffix. */
const MAX_PREFIX = 58;

/** Escapes what has a meaning in Lucene's regular expressions. */
function literal(text: string): string {
  return text.replace(/[.?+*|{}[\]()"\\#@&<>~^$]/g, '\\$&');
}

/**
 * Returns a regular expression, in Lucene's syntax, for the names of a workload's pods: those of
 * Deployments, of StatefulSets, and of DaemonSets and Jobs.
 */
export function podPattern(workload: string): string {
  const name = literal(workload);

  if (workload.length >= MAX_PREFIX) {
    return `${literal(workload.slice(0, MAX_PREFIX))}${SUFFIX}|${name}-[0-9]+`;
  }

  const ofDeployment =
    workload.length <= MAX_WITH_HASH
      ? `${HASH}{1,10}-${SUFFIX}`
      : `${HASH}{${MAX_PREFIX - 1 - workload.length}}${SUFFIX}`;

  return `${name}-${ofDeployment}|${name}-[0-9]+|${name}-${SUFFIX}`;
}
