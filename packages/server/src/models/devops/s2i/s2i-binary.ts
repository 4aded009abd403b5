import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** How far an upload is. */
export type BinaryPhase = 'Uploading' | 'Ready' | 'UploadFailed';

/** A file that is or was uploaded for an image builder. */
export interface S2iBinary extends KubeObject {
  spec?: {
    fileName?: string;
    md5?: string;
    /** Such as `1.5M`. */
    size?: string;
    downloadURL?: string;
    /** When the upload began (RFC 3339). */
    uploadTimeStamp?: string;
  };
  status?: { phase?: string };
}

/** After this time an upload has been given up, in milliseconds: its server was stopped. */
const GIVEN_UP_MS = 3_600_000;

/** Whether a file is being uploaded for an object now. */
export function isUploading({ spec, status }: S2iBinary, now: number): boolean {
  const since = Date.parse(spec?.uploadTimeStamp ?? '');
  return status?.phase === 'Uploading' && !(now - since > GIVEN_UP_MS);
}
