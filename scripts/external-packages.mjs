/**
 * Packages that stay outside the bundle, since they load native code, threads or data files of
 * their own. The released package depends on these and no others.
 */
export const EXTERNAL_PACKAGES = ['lmdb', '@node-rs/bcrypt', 'pino', 'popular-passwords'];
