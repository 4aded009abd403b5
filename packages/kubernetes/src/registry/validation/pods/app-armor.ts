import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { Fields } from '../../resources/defaults/types.ts';
import type { Causes } from '../causes.ts';
import { eachContainer } from './operating-system.ts';

/** The prefix of the annotations that fields replaced; the name of a container follows. */
export const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

const local = 'localhost/';

function profileOf(annotation: string): Fields | undefined {
  if (annotation === 'unconfined') {
    return { type: 'Unconfined' };
  }
  if (annotation === 'runtime/default') {
    return { type: 'RuntimeDefault' };
  }
  if (!annotation.startsWith(local)) {
    return undefined;
  }

  const localhostProfile = annotation.slice(local.length);
  const isValid = localhostProfile !== '' && localhostProfile === localhostProfile.trim();

  return isValid && Buffer.byteLength(localhostProfile) <= 4095
    ? { type: 'Localhost', localhostProfile }
    : undefined;
}

/**
 * Visits the containers with an annotation but without a profile in their own fields or the pod's.
 */
export function eachOldAppArmor(
  annotations: Fields | undefined,
  spec: Fields,
  visit: (container: Fields, profile: Fields | undefined, key: string) => void,
): void {
  eachContainer(spec, '', (container) => {
    const key = `${APP_ARMOR}${container.name}`;
    const annotation: string | undefined = annotations?.[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile) {
      return;
    }

    const profile = profileOf(annotation);
    if (!profile || !equalJson(profile, spec.securityContext?.appArmorProfile)) {
      visit(container, profile, key);
    }
  });
}

/** Kubernetes' warning about an annotation of AppArmor. */
export function oldAppArmor(at: string, key: string): string {
  return `${at}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`;
}

/** Annotations and fields of a new pod must agree. */
export function validateAppArmorMatch(
  annotations: Fields | undefined,
  spec: Fields,
  out: Causes,
): void {
  if (spec.os?.name === 'windows') {
    return;
  }

  eachContainer(spec, 'spec', (container, path) => {
    const profile: Fields | undefined =
      container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation: string | undefined = annotations?.[`${APP_ARMOR}${container.name}`];
    if (!profile || annotation === undefined) {
      return;
    }

    const { type, localhostProfile } = profile;

    const said: Record<string, boolean> = {
      Unconfined: annotation === 'unconfined',
      RuntimeDefault: annotation === 'runtime/default',
      Localhost: annotation.startsWith(local),
    };

    const at = `${path}.securityContext.appArmorProfile`;

    if (said[type] === false) {
      out.forbidden(`${at}.type`, 'apparmor type in annotation and field must match');
    } else if (type === 'Localhost' && annotation.slice(local.length) !== localhostProfile) {
      out.forbidden(
        `${at}.localhostProfile`,
        'apparmor profile in annotation and field must match',
      );
    }
  });
}
