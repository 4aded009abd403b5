import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../bundle/main.js', import.meta.url));

/** The agent of this product in its own process. */
export class AgentProcess {
  readonly process: ChildProcess;
  #output = '';

  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, ['--enable-source-maps', MAIN, 'agent', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });

    this.process.stdout?.on('data', (chunk) => (this.#output += chunk));
    this.process.stderr?.on('data', (chunk) => (this.#output += chunk));
  }

  /** Everything that the agent has printed and logged. */
  get output(): string {
    return this.#output;
  }

  /** Ends the process with a signal; returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
      await once(this.process, 'exit');
    }

    return this.process.exitCode;
  }
}
