import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { inClusterConfig, KubeconfigError } from '@ks-apiserver/client/kube/kubeconfig';
import pino from 'pino';
import { serve } from '../compose/serve.ts';
import { BUILD } from '../config/build.ts';
import { ConfigError } from '../config/config.ts';
import { readOptions, USAGE } from '../config/options.ts';
import { agentCommand } from './agent/command.ts';
import { backupCommand } from './backup/command.ts';
import { importCommand } from './import/command.ts';
import { installCommand } from './install/command.ts';

/** Errors that are the operator's to mend: one line, no stack. */
function explained(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof KubeconfigError) {
    return messageOf(error);
  }
  return undefined;
}

/** Standard output belongs to the reader at the terminal; the log is for machines. */
function logger(level: string): pino.Logger {
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: false }));
}

/** Runs the agent until a signal comes; returns the exit code. */
async function runAgent(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  output: { out: (line: string) => void; error: (line: string) => void },
): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => (stop.signal.aborted ? process.exit(1) : stop.abort());

  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  const code = await agentCommand(args, {
    ...output,
    inCluster: () => inClusterConfig(env.KUBERNETES_SERVICE_HOST, env.KUBERNETES_SERVICE_PORT),
    version: BUILD.gitVersion,
    log: logger('info'),
    signal: stop.signal,
  });

  process.off('SIGTERM', onSignal);
  process.off('SIGINT', onSignal);

  return code;
}

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const out = (line: string) => void process.stdout.write(`${line}\n`);
  const error = (line: string) => void process.stderr.write(`ks-apiserver: ${line}\n`);

  if (args[0] === 'install' || args[0] === 'import') {
    const inCluster = () =>
      inClusterConfig(env.KUBERNETES_SERVICE_HOST, env.KUBERNETES_SERVICE_PORT);
    const command = args[0] === 'install' ? installCommand : importCommand;

    process.exitCode = await command(args.slice(1), { inCluster, out, error });

    return;
  }

  if (args[0] === 'backup' || args[0] === 'restore') {
    process.exitCode = await backupCommand(args[0], args.slice(1), { out, error });
    return;
  }

  if (args[0] === 'agent') {
    process.exitCode = await runAgent(args.slice(1), env, { out, error });
    return;
  }

  const options = await readOptions(args, env);
  if (options.command === 'help') {
    return void process.stdout.write(USAGE);
  }
  if (options.command === 'version') {
    return out(`ks-apiserver ${BUILD.gitVersion}`);
  }

  const log = logger(options.logLevel);

  for (const key of options.unknownKeys) {
    log.warn(`${options.configFile}: ${key} is not known and ignored`);
  }

  const started = serve(options, log, out);
  let stopping = false;

  const onSignal = () => {
    // A second signal means: now.
    if (stopping) {
      process.exit(1);
    }

    stopping = true;

    started
      .then((stop) => stop())
      .then(
        () => process.exit(0),
        (failure) => {
          error(`stopping failed: ${messageOf(failure)}`);
          process.exit(1);
        },
      );
  };

  // From the first moment: a signal during the start stops the server as soon as it has started.
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  await started;
}

// Who read the greeting may be gone: `ks-apiserver | head` must not end the server.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main(process.argv.slice(2), process.env).catch((error: unknown) => {
  process.stderr.write(
    `ks-apiserver: ${explained(error) ?? (error as Error)?.stack ?? String(error)}\n`,
  );
  process.exit(1);
});
