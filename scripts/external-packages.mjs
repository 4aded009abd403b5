/**
 * Packages that stay outside the bundle because they have native code, threads or data files. The
 * released package depends on exactly these.
 */
export const EXTERNAL_PACKAGES = ['lmdb', '@node-rs/bcrypt', 'libsql', 'pino', 'popular-passwords'];
