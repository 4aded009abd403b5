import { ConfigError } from '../config/config.ts';

/**
 * Returns a one-line error for a port that cannot be opened; other errors are returned unchanged.
 */
export function portError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  flag: string,
): Error {
  if (error.code === 'EADDRINUSE') {
    return new ConfigError(`port ${port} on ${host} is in use (${flag} chooses another)`);
  }
  if (error.code === 'EACCES') {
    return new ConfigError(`port ${port} on ${host} needs more rights (${flag} chooses another)`);
  }

  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new ConfigError(
      `${host} is not an address of this machine (--bind-address chooses another)`,
    );
  }

  return error;
}
