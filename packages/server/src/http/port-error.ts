import { ConfigError } from '../config/config.ts';

/** One line for a port that cannot be had; other errors stay as they are. */
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
      `${host} is no address of this machine (--bind-address chooses another)`,
    );
  }

  return error;
}
