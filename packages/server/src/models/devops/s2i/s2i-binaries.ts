import type { Readable } from 'node:stream';
import { S2I_BINARIES } from '@ks-apiserver/api/resources';
import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import {
  type BinaryContent,
  type BinaryKey,
  type BinaryStore,
  BinaryStoreError,
} from '@ks-apiserver/upstreams/s3/binary-store';
import type { CallerWriters } from '../../authorization/caller-writer.ts';
import { byteSize } from './byte-size.ts';
import { type ReceivedFile, receiveFile } from './received-file.ts';
import type { S2iBinary } from './s2i-binary.ts';
import { uploadFailure } from './upload-failure.ts';
import { checkIsFree, UploadProgress } from './upload-progress.ts';

/** Where builders in the cluster download binaries, as 3.0 writes it. */
const OWN_URL =
  'http://ks-apiserver.kubesphere-system.svc/kapis/devops.kubesphere.io/v1alpha2/namespaces';

/** Uploads at the same time: each may fill the disk with one file. */
const MAX_UPLOADS = 8;
const RETRY_SECONDS = 10;

/** What S2iBinaries works with. */
export interface S2iDependencies {
  client: KubeReader;
  writers: CallerWriters;
  store: BinaryStore;
  /** Whether the store keeps the binaries of different namespaces under one name. */
  sharesKeys: boolean;
  /** Folder of files while they come. */
  folder: string;
}

/** An upload: whose, for which object, and the form. */
export interface Upload {
  caller: UserInfo;
  key: BinaryKey;
  body: Readable;
  contentType: string;
  signal: AbortSignal;
}

/** How a binary is downloaded: from a URL, or from this server itself. */
export type Download = { link: string } | { content: () => Promise<BinaryContent> };

/** Whether exactly this file has been uploaded before. */
function isStored(
  { spec, status }: S2iBinary,
  { fileName, md5, size }: NonNullable<S2iBinary['spec']>,
): boolean {
  return (
    status?.phase === 'Ready' &&
    spec?.fileName === fileName &&
    spec?.md5 === md5 &&
    spec?.size === size
  );
}

/** Receives the files that images are built from, and hands them to builders. */
export class S2iBinaries {
  readonly #dependencies: S2iDependencies;
  readonly #uploads = new Slots(MAX_UPLOADS, 0, () =>
    tooManyRequests('too many files are being uploaded: try again later', RETRY_SECONDS),
  );

  constructor(dependencies: S2iDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Stores an uploaded file and returns its S2iBinary. A file that is stored already is not stored
   * again. Throws the errors of `receiveFile`, 429 while too many others upload, and 500 in 3.0's
   * words when there is no such object, when another upload runs, or when the store fails.
   */
  async upload(upload: Upload): Promise<S2iBinary> {
    const { key, body, contentType } = upload;
    const object = await this.#find(key);

    checkIsFree(object);
    await this.#checkOwnsFile(key, object);

    const free = await this.#uploads.take(upload.signal);

    try {
      const received = await receiveFile(body, contentType, this.#dependencies.folder);

      try {
        return await this.#keep(upload, object, received);
      } finally {
        await received.discard();
      }
    } finally {
      free();
    }
  }

  /** Finds how a file is downloaded. Throws 500 in 3.0's words when it is not there. */
  async download(key: BinaryKey, fileName: string): Promise<Download> {
    const { store } = this.#dependencies;
    const object = await this.#find(key);

    if (object.spec?.fileName !== fileName) {
      throw uploadFailure(`could not fould file ${fileName}`);
    }
    if (object.status?.phase !== 'Ready') {
      throw uploadFailure('[ServiceError:400] file is not ready, please try later');
    }

    await this.#checkOwnsFile(key, object);

    const link = await store.link(key, fileName);

    return link === undefined ? { content: () => this.#open(key) } : { link };
  }

  async #open(key: BinaryKey): Promise<BinaryContent> {
    const content = await this.#dependencies.store.open(key);
    if (!content) {
      throw uploadFailure('the file is gone: upload it again');
    }

    return content;
  }

  async #find({ namespace, name }: BinaryKey): Promise<S2iBinary> {
    const found = await this.#dependencies.client.find<S2iBinary>({
      resource: S2I_BINARIES,
      namespace,
      name,
    });

    if (!found) {
      throw uploadFailure(`s2ibinary.devops.kubesphere.io "${name}" not found`);
    }

    return found;
  }

  /**
   * Deletes what was uploaded for an object that goes, unless an object of another namespace has
   * the same file. Rejects with a BinaryStoreError.
   */
  async deleteFile(key: BinaryKey, signal: AbortSignal): Promise<void> {
    const others = await this.#sharing(key);

    if (others.length === 0) {
      await this.#dependencies.store.delete(key, signal);
    }
  }

  /**
   * Returns the other objects that share the file of an object: `a/b-c` and `a-b/c` have one file
   * in 3.0's buckets.
   */
  async #sharing(key: BinaryKey): Promise<readonly S2iBinary[]> {
    const { client, sharesKeys } = this.#dependencies;
    const own = `${key.namespace}-${key.name}`;

    // A name with one hyphen can be split in one way only.
    if (!sharesKeys || own.indexOf('-') === own.lastIndexOf('-')) {
      return [];
    }

    const { items } = await client.list<S2iBinary>(S2I_BINARIES);

    return items.filter(
      ({ metadata: { namespace, name } }) =>
        `${namespace}-${name}` === own && namespace !== key.namespace,
    );
  }

  /**
   * Throws unless an object is the oldest of those that share its file: whoever owns one namespace
   * must not read or replace the file of another.
   */
  async #checkOwnsFile(key: BinaryKey, { metadata }: S2iBinary): Promise<void> {
    const age = metadata.creationTimestamp ?? '';
    const others = await this.#sharing(key);

    if (others.some((other) => (other.metadata.creationTimestamp ?? '') <= age)) {
      throw uploadFailure(
        'another S2iBinary uses the same file in the bucket: choose another name',
      );
    }
  }

  async #keep(
    { caller, key, signal }: Upload,
    object: S2iBinary,
    { file, md5, expectedMd5 }: ReceivedFile,
  ): Promise<S2iBinary> {
    if (expectedMd5 && expectedMd5 !== md5) {
      throw uploadFailure(
        `[ServiceError:400] md5 not match, origin: ${expectedMd5}, calculate: ${md5}`,
      );
    }

    const { store, writers } = this.#dependencies;
    const fields = { fileName: file.name, md5, size: byteSize(file.size) };

    if (isStored(object, fields)) {
      return object;
    }

    const progress = new UploadProgress(writers.clientFor(caller), key, object, () =>
      this.#find(key),
    );

    await progress.begin({
      ...fields,
      downloadURL: `${OWN_URL}/${key.namespace}/s2ibinaries/${key.name}/file/${encodeURIComponent(file.name)}`,
      uploadTimeStamp: timestamp(),
    });

    try {
      await store.put(key, file, signal);
    } catch (error) {
      if (!(error instanceof BinaryStoreError)) {
        await progress.fail();
        throw error;
      }

      // A missing bucket has taken nothing away: what was there before still is.
      await (error.code === 'NoSuchBucket' ? progress.undo() : progress.fail());

      throw uploadFailure(messageOf(error), error);
    }

    return progress.finish();
  }
}
