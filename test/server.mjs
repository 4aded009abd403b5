// Starts the built server like a user would, on free ports, for tests and for the replay.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../packages/server/dist/bundle/main.js', import.meta.url));

/**
 * Returns the port of a server that listens on TCP.
 * @param {import('node:net').Server} server
 */
export function portOf(server) {
  const address = server.address();

  if (address === null || typeof address === 'string') {
    throw new Error('the server does not listen on a port');
  }

  return address.port;
}

/**
 * Returns ports of the loopback address that are free now.
 * @param {number} count
 * @returns {Promise<any[]>}
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const listening = (server) =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
  const ports = await Promise.all(servers.map(listening));

  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));

  return ports;
}

/**
 * Starts the server and waits until it is ready.
 * @param {{dir: string, adminPassword?: string, args?: string[], log?: string, ports?: number[]}}
 * options the data directory, the password of admin, further arguments, a file for the server's
 * output, the ports for HTTP and HTTPS
 * @returns {Promise<{url: string, kubeUrl: string, pid: number, output: () => string, stop:
 * (signal?: NodeJS.Signals) => Promise<number>}>}
 */
export async function startServer({ dir, adminPassword, args = [], log, ports }) {
  const [port, securePort] = ports ?? (await freePorts(2));
  const portArgs = ['--insecure-port', String(port), '--secure-port', String(securePort)];

  const child = spawn(process.execPath, [main, '--data-dir', dir, ...portArgs, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(adminPassword && { KS_ADMIN_PASSWORD: adminPassword }) },
  });

  const file = log && createWriteStream(log);
  let output = '';

  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      if (output.length < 1_000_000) {
        output += chunk;
      }
      file?.write(chunk);
    });
  }

  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? -1)));

  async function stop(/** @type {NodeJS.Signals} */ signal = 'SIGTERM') {
    child.kill(signal);

    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    const code = await exited;

    clearTimeout(timer);
    file?.end();

    return code;
  }

  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );

    if (ready) {
      break;
    }

    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the server did not become ready:\n${output.slice(-4000)}`);
    }

    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  return {
    url,
    kubeUrl: `https://127.0.0.1:${securePort}`,
    pid: child.pid,
    output: () => output,
    stop,
  };
}
