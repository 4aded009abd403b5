/** The object whose binary is stored. */
export interface BinaryKey {
  namespace: string;
  name: string;
}

/** A file on this machine that is to be stored. */
export interface BinaryFile {
  path: string;
  /** Name under which it is downloaded. */
  name: string;
  /** Size in bytes. */
  size: number;
  /** SHA-256 of its content, in hexadecimal digits. */
  sha256: string;
}

/** The content of a stored binary. */
export interface BinaryContent {
  /** Size in bytes. */
  size: number;
  body: AsyncIterable<Uint8Array>;
}

/** Keeps the binaries that images are built from: a bucket of S3, or files of this server. */
export interface BinaryStore {
  /** Stores a file in the place of an earlier one; the file may be moved away. */
  put(key: BinaryKey, file: BinaryFile, signal: AbortSignal): Promise<void>;
  /**
   * Returns a URL under which a binary can be downloaded for some minutes without credentials;
   * undefined when only `open` reads it.
   */
  link(key: BinaryKey, fileName: string): Promise<string | undefined>;
  /** Opens a binary for reading; undefined when the store has none. */
  open(key: BinaryKey): Promise<BinaryContent | undefined>;
  /** Deletes a binary; one that is not there counts as deleted. */
  delete(key: BinaryKey, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Why a binary could not be stored or deleted; the message is in words for the caller. */
export class BinaryStoreError extends Error {
  /** Code of S3 such as NoSuchBucket; '' for others. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BinaryStoreError';
    this.code = code;
  }
}

/** Returns a Content-Disposition header that saves a file under its name (RFC 6266). */
export function attachment(fileName: string): string {
  return `attachment; filename="${fileName.replace(/["\\\p{Cc}]|[^\p{ASCII}]/gu, '_')}"`;
}
