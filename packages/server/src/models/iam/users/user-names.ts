import { invalid } from '@ks-apiserver/apimachinery/meta/errors';
import { tooLong } from '@ks-apiserver/apimachinery/validation/field';

/** Longest name of a user, in characters: what belongs to users carries it as a label. */
const LONGEST = 63;

/**
 * Throws Invalid for a name that fits into no label, before anything is stored that lacks its
 * bindings and records then.
 */
export function checkUserName(name: string): void {
  if (name.length > LONGEST) {
    throw invalid({ group: 'iam.kubesphere.io', kind: 'User', name }, [
      tooLong('metadata.name', LONGEST),
    ]);
  }
}
