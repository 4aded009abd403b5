import { invalid } from '@ks-apiserver/apimachinery/meta/errors';
import { tooLong } from '@ks-apiserver/apimachinery/validation/field';

/** Longest name of a user, in characters: objects of a user carry it as a label value. */
const LONGEST = 63;

/**
 * Throws Invalid for a name that is too long for a label, before anything is stored whose bindings
 * and records could not be.
 */
export function checkUserName(name: string): void {
  if (name.length > LONGEST) {
    throw invalid({ group: 'iam.kubesphere.io', kind: 'User', name }, [
      tooLong('metadata.name', LONGEST),
    ]);
  }
}
