// Starts OPA, of the module beside this file, as a server.
import { spawn } from 'node:child_process';
import { freePorts } from '../server.mjs';
import { goProgram } from './go-program.mjs';

/** Returns the path of OPA and builds it if necessary; undefined without Go. */
export const opaPath = () => goProgram('opa');

/** Starts OPA for modules of 3.0, which use the first version of Rego. */
export async function startOpa(path, port) {
  port ??= (await freePorts(1))[0];
  const args = [
    'run',
    '--server',
    '--v0-compatible',
    '--disable-telemetry',
    '--addr',
    `127.0.0.1:${port}`,
    '--log-level',
    'error',
  ];

  const child = spawn(path, args, { stdio: 'inherit' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 20_000; ; ) {
    if (
      await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    ) {
      break;
    }

    if (Date.now() > end || child.exitCode !== null) {
      throw new Error('OPA did not start');
    }

    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  return {
    url,
    port,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
