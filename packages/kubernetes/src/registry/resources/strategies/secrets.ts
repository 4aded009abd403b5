import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Strategy } from '../strategy.ts';

/** `stringData` is write-only: its values become base64 in `data`. */
function foldStringData(object: KubeObject): void {
  const { stringData } = object;
  delete object.stringData;

  if (stringData === null || typeof stringData !== 'object') {
    return;
  }

  object.data = { ...object.data };

  for (const [key, value] of Object.entries(stringData)) {
    object.data[key] = Buffer.from(String(value)).toString('base64');
  }
}

/** The strategy of Secrets. */
export const secretStrategy: Strategy = {
  fields: (object) => ({ type: object.type ?? '' }),
  decode(object, old) {
    object.type ??= old?.type ?? 'Opaque';
    foldStringData(object);
  },
};
