import { S2I_BINARIES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { BinaryKey } from '@ks-apiserver/upstreams/s3/binary-store';
import type { CallerWriter } from '../../authorization/caller-writer.ts';
import { isUploading, type S2iBinary } from './s2i-binary.ts';
import { uploadFailure } from './upload-failure.ts';

/** How often an upload is begun while others write its object. */
const WRITE_ATTEMPTS = 5;

/** Throws while another file is being uploaded for an object. */
export function checkIsFree(object: S2iBinary): void {
  if (isUploading(object, Date.now())) {
    throw uploadFailure('[ServiceError:409] file is uploading, please try later');
  }
}

/** Returns the patch that gives an object back what it said before an upload. */
function restoring({ spec = {}, status }: S2iBinary): object {
  const { fileName, md5, size, downloadURL, uploadTimeStamp } = spec;
  const fields = { fileName, md5, size, downloadURL, uploadTimeStamp };

  return {
    spec: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null])),
    status: { phase: status?.phase ?? null },
  };
}

/** Writes into an S2iBinary how far the upload of its file is. */
export class UploadProgress {
  readonly #writer: CallerWriter;
  readonly #key: BinaryKey;
  readonly #find: () => Promise<S2iBinary>;
  #before: S2iBinary;

  /** `find` reads the object once more. */
  constructor(
    writer: CallerWriter,
    key: BinaryKey,
    found: S2iBinary,
    find: () => Promise<S2iBinary>,
  ) {
    this.#writer = writer;
    this.#key = key;
    this.#before = found;
    this.#find = find;
  }

  /**
   * Marks the object as one whose file is being uploaded. Others may write it at the same time, so
   * that it is tried again; throws when another upload has begun.
   */
  async begin(fields: NonNullable<S2iBinary['spec']>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { spec, status } = this.#before;

      try {
        await this.#writer.update<S2iBinary>(S2I_BINARIES, {
          ...this.#before,
          spec: { ...spec, ...fields },
          status: { ...status, phase: 'Uploading' },
        });

        return;
      } catch (error) {
        const hasChanged = error instanceof StatusError && error.reason === 'Conflict';
        if (!hasChanged || attempt === WRITE_ATTEMPTS) {
          throw error;
        }
      }

      this.#before = await this.#find();
      checkIsFree(this.#before);
    }
  }

  /** The file is stored. */
  finish(): Promise<S2iBinary> {
    return this.#patch({ status: { phase: 'Ready' } });
  }

  /** The file is not stored, and an earlier one may be lost. */
  fail(): Promise<void> {
    return this.#settle({ status: { phase: 'UploadFailed' } });
  }

  /** The file is not stored, and an earlier one is as it was. */
  undo(): Promise<void> {
    return this.#settle(restoring(this.#before));
  }

  /** Writes how an upload has failed; when even that fails, the upload is given up in an hour. */
  async #settle(patch: object): Promise<void> {
    try {
      await this.#patch(patch);
    } catch {
      // The first error is the one that the caller can act on.
    }
  }

  #patch(patch: object): Promise<S2iBinary> {
    return this.#writer.patch<S2iBinary>({ resource: S2I_BINARIES, ...this.#key }, patch);
  }
}
