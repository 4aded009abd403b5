import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import type { Validator } from '../validator.ts';
import { validateAnnotationChanges, validatePodAnnotations } from './annotations.ts';
import { validateAppArmorMatch } from './app-armor.ts';
import { validateImageText } from './containers.ts';
import { validatePodSpec } from './spec.ts';
import { validateEphemeralUpdate, validateResize, validateSpecUpdate } from './update.ts';

function validateAccountTokens(spec: Fields, out: Causes): void {
  if (spec.serviceAccountName) {
    return;
  }

  each(spec.volumes, 'spec.volumes', ({ projected }, path) =>
    each(projected?.sources, `${path}.projected.sources`, ({ serviceAccountToken }, place) => {
      if (!serviceAccountToken) {
        return;
      }

      const why = 'must not be specified when serviceAccountName is not set';
      out.forbidden(`${place}.serviceAccountToken`, why);
    }),
  );
}

/** Rules for a pod, new or changed. */
export const validatePod: Validator = ({ metadata, spec = {} }, old, out, subresource) => {
  if (subresource === 'binding') {
    return;
  }

  validatePodAnnotations(metadata.annotations, spec, 'metadata.annotations', out);
  validatePodSpec(spec, { isPod: true, name: metadata.name ?? '' }, 'spec', out);
  validateAccountTokens(spec, out);

  for (const name of ['containers', 'initContainers']) {
    each(spec[name], `spec.${name}`, (container, path) => validateImageText(container, path, out));
  }

  if (old === undefined) {
    validateAppArmorMatch(metadata.annotations, spec, out);

    if ((spec.ephemeralContainers ?? []).length > 0) {
      out.forbidden('spec.ephemeralContainers', 'cannot be set on create');
    }
    if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
      out.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared');
    }

    return;
  }

  const [now, before] = [metadata, old.metadata].map(({ annotations = {} }) => annotations) as [
    Fields,
    Fields,
  ];

  validateAnnotationChanges(now, before, 'metadata.annotations', out);

  const { spec: oldSpec = {} } = old;

  if (subresource === 'ephemeralcontainers') {
    const [list, kept] = [spec.ephemeralContainers ?? [], oldSpec.ephemeralContainers ?? []];
    validateEphemeralUpdate(list, kept, 'spec.ephemeralContainers', out);
  } else if (subresource === 'resize') {
    validateResize(spec, oldSpec, out);
  } else {
    validateSpecUpdate(spec, oldSpec, 'spec', out);
  }
};

/** Rules for the template of a pod. */
export function validatePodTemplate(
  template: Fields,
  at: string,
  out: Causes,
  extraVolumes: readonly string[] = [],
): void {
  const { metadata = {}, spec = {} } = template;
  out.labels(`${at}.labels`, metadata.labels);
  validateTemplateAnnotations(metadata.annotations, `${at}.annotations`, out);
  validatePodAnnotations(metadata.annotations, spec, `${at}.annotations`, out);
  validatePodSpec(spec, { isPod: false, name: '', extraVolumes }, `${at}.spec`, out);

  if ((spec.ephemeralContainers ?? []).length > 0) {
    out.forbidden(
      `${at}.spec.ephemeralContainers`,
      'ephemeral containers not allowed in pod template',
    );
  }
}

function validateTemplateAnnotations(
  annotations: Fields | undefined,
  at: string,
  out: Causes,
): void {
  for (const key of Object.keys(annotations ?? {})) {
    out.qualifiedName(at, key.toLowerCase());
  }
}
