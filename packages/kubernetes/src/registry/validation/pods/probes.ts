import {
  headerNameErrors,
  portNameErrors,
  portNumberErrors,
} from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';

/** A port by number or name. */
export function validatePort(port: unknown, at: string, out: Causes): void {
  if (typeof port === 'string') {
    out.each(at, port, portNameErrors(port));
  } else {
    out.each(at, port ?? 0, portNumberErrors(port));
  }
}

function validateHttpGet(
  { path = '', port, scheme = '', httpHeaders }: Fields,
  at: string,
  out: Causes,
): void {
  if (path === '') {
    out.required(`${at}.path`);
  }

  validatePort(port, `${at}.port`, out);
  out.supported(`${at}.scheme`, scheme, ['HTTP', 'HTTPS']);
  each(httpHeaders, at, ({ name = '' }) =>
    out.each(`${at}.httpHeaders`, name, headerNameErrors(name)),
  );
}

function validateHandler(
  value: Fields,
  kinds: readonly string[],
  grace: number | undefined,
  at: string,
  out: Causes,
): void {
  let found = false;

  for (const kind of kinds) {
    const action = value[kind];
    if (action === undefined) {
      continue;
    }

    const path = `${at}.${kind}`;

    if (found) {
      out.forbidden(path, 'may not specify more than 1 handler type');
      continue;
    }

    found = true;

    if (kind === 'exec') {
      if ((action.command ?? []).length === 0) {
        out.required(`${path}.command`);
      }
    } else if (kind === 'httpGet') {
      validateHttpGet(action, path, out);
    } else if (kind === 'sleep') {
      const { seconds = 0 } = action;
      if (grace !== undefined && (seconds < 0 || seconds > grace)) {
        out.invalid(
          path,
          seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
        );
      }
    } else {
      validatePort(kind === 'grpc' ? (action.port ?? 0) : action.port, `${path}.port`, out);
    }
  }

  if (!found) {
    out.required(at, 'must specify a handler type');
  }
}

function validateProbe(value: Fields, grace: number | undefined, at: string, out: Causes): void {
  validateHandler(value, ['exec', 'httpGet', 'tcpSocket', 'grpc'], grace, at, out);

  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    out.notNegative(`${at}.${name}`, value[name]);
  }

  const { terminationGracePeriodSeconds: own } = value;
  if (own !== undefined && own <= 0) {
    out.invalid(`${at}.terminationGracePeriodSeconds`, own, 'must be greater than 0');
  }
}

/** The three probes of a container. */
export function validateProbes(
  container: Fields,
  grace: number | undefined,
  at: string,
  out: Causes,
): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const value = container[name];
    if (value === undefined) {
      continue;
    }

    const path = `${at}.${name}`;
    validateProbe(value, grace, path, out);

    if (name === 'readinessProbe') {
      const { terminationGracePeriodSeconds: own } = value;
      if (own !== undefined) {
        out.invalid(
          `${path}.terminationGracePeriodSeconds`,
          own,
          'must not be set for readinessProbes',
        );
      }
    } else if (value.successThreshold !== 1) {
      out.invalid(`${path}.successThreshold`, value.successThreshold ?? 0, 'must be 1');
    }
  }
}

/** The handlers after a container's start and before its end. */
export function validateLifecycle(
  lifecycle: Fields,
  grace: number | undefined,
  at: string,
  out: Causes,
): void {
  for (const name of ['postStart', 'preStop']) {
    if (lifecycle[name] === undefined) {
      continue;
    }

    const kinds = ['exec', 'httpGet', 'tcpSocket', 'sleep'];
    validateHandler(lifecycle[name], kinds, grace, `${at}.${name}`, out);
  }
}
