import type { Fields } from '../../resources/defaults/types.ts';
import type { Causes } from '../causes.ts';
import { APP_ARMOR } from './app-armor.ts';
import { eachContainer } from './operating-system.ts';
import { descendingPath } from './volumes/paths.ts';

const mirror = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';

function validateSeccompProfile(profile: string, at: string, out: Causes): void {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) {
    return;
  }

  if (profile.startsWith('localhost/')) {
    descendingPath(profile.slice('localhost/'.length), at, out);
  } else {
    out.invalid(at, profile, 'must be a valid seccomp profile');
  }
}

/** Annotations with a meaning for a pod or a template. */
export function validatePodAnnotations(
  annotations: Fields | undefined,
  spec: Fields,
  at: string,
  out: Causes,
): void {
  const entries = Object.entries<string>(annotations ?? {});
  for (const [key, value] of entries) {
    if (key === mirror && !spec.nodeName) {
      out.invalid(`${at}[${key}]`, value, 'must set spec.nodeName if mirror pod annotation is set');
    }

    if (
      key === deletionCost &&
      (!/^-?(0|[1-9]\d*)$/.test(value) || Math.abs(Number(value)) > 2_147_483_647)
    ) {
      out.invalid(`${at}[${key}]`, value, 'must be a 32bit integer');
    }

    if (key === podSeccomp || key.startsWith(containerSeccomp)) {
      validateSeccompProfile(value, `${at}.${key}`, out);
    }
    if (!key.startsWith(APP_ARMOR)) {
      continue;
    }

    const name = key.slice(APP_ARMOR.length);
    let found = false;

    eachContainer(spec, '', (container) => {
      found ||= container.name === name;
    });

    if (!found) {
      out.invalid(`${at}[${key}]`, name, 'container not found');
    }

    if (!['', 'runtime/default', 'unconfined'].includes(value) && !value.startsWith('localhost/')) {
      out.invalid(
        `${at}[${key}]`,
        value,
        `invalid AppArmor profile name: ${JSON.stringify(value)}`,
      );
    }
  }
}

/** The kind of an annotation that may not change; undefined for others. */
function fixedKind(key: string): string | undefined {
  if (key.startsWith(APP_ARMOR)) {
    return 'AppArmor annotations';
  }

  return key === mirror ? 'mirror pod annotation' : undefined;
}

/** Annotations of a pod that may not change. */
export function validateAnnotationChanges(now: Fields, old: Fields, at: string, out: Causes): void {
  for (const key of Object.keys(old)) {
    if (now[key] === old[key]) {
      continue;
    }

    const what = fixedKind(key);

    if (what) {
      out.forbidden(`${at}[${key}]`, `may not remove or update ${what}`);
    }
  }

  for (const key of Object.keys(now)) {
    if (Object.hasOwn(old, key)) {
      continue;
    }

    const what = fixedKind(key);

    if (what) {
      out.forbidden(`${at}[${key}]`, `may not add ${what}`);
    }
  }
}
