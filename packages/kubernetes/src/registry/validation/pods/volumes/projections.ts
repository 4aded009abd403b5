import type { Fields } from '../../../resources/defaults/types.ts';
import { type Causes, each } from '../../causes.ts';
import { validateFieldRef, validateVolumeResourceRef } from '../env.ts';
import { fileMode, unreservedPath } from './paths.ts';
import { validateKeyToPath } from './volume-sources.ts';

const ofVolumes = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

function validateDownwardFile(file: Fields, at: string, out: Causes): void {
  const { path = '', fieldRef, resourceFieldRef } = file;
  if (path === '') {
    out.required(`${at}.path`);
  }

  unreservedPath(path, `${at}.path`, out);

  if (fieldRef) {
    validateFieldRef(fieldRef, ofVolumes, `${at}.fieldRef`, out);

    if (resourceFieldRef) {
      out.invalid(
        at,
        'resource',
        'fieldRef and resourceFieldRef can not be specified simultaneously',
      );
    }
  } else if (resourceFieldRef) {
    validateVolumeResourceRef(resourceFieldRef, `${at}.resourceFieldRef`, out);
  } else {
    out.required(at, 'one of fieldRef and resourceFieldRef is required');
  }

  fileMode(file.mode, `${at}.mode`, out);
}

/** A downward API volume; Kubernetes names the volume, not the item, in its messages. */
export function validateDownwardApi(source: Fields, at: string, out: Causes): void {
  fileMode(source.defaultMode, `${at}.defaultMode`, out);
  for (const file of source.items ?? []) {
    validateDownwardFile(file, at, out);
  }
}

/** A projected volume. */
export function validateProjected(volume: Fields, at: string, out: Causes): void {
  fileMode(volume.defaultMode, `${at}.defaultMode`, out);

  const paths = new Set<string>();

  function takes(path: string, shown: unknown): void {
    if (paths.has(path)) {
      out.invalid(at, shown, 'conflicting duplicate paths');
    }
    paths.add(path);
  }

  each(volume.sources, `${at}.sources`, (source, field) => {
    const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
    for (const [name, keys] of Object.entries({ secret, configMap })) {
      if (keys === undefined) {
        continue;
      }
      if (!keys.name) {
        out.required(`${field}.${name}.name`);
      }

      each(keys.items, `${field}.${name}.items`, (item, path) => {
        validateKeyToPath(item, path, out);
        if (item.path) {
          takes(item.path, keys.name ?? '');
        }
      });
    }

    for (const file of downwardAPI?.items ?? []) {
      validateDownwardFile(file, `${field}.downwardAPI`, out);
      if (file.path) {
        takes(file.path, file.path);
      }
    }

    if (token) {
      const { expirationSeconds: seconds = 0, path = '' } = token;
      const at10 = `${field}.serviceAccountToken.expirationSeconds`;

      if (seconds < 600) {
        out.invalid(at10, seconds, 'may not specify a duration less than 10 minutes');
      }
      if (seconds > 2 ** 32) {
        out.invalid(at10, seconds, 'may not specify a duration larger than 2^32 seconds');
      }

      if (path === '') {
        out.required(`${at}.path`);
      } else {
        unreservedPath(path, `${at}.path`, out);
      }
    }

    const count = Object.values(source).filter((value) => value !== undefined).length;
    if (count > 1) {
      out.forbidden(field, 'may not specify more than 1 volume type per source');
    }
  });
}
