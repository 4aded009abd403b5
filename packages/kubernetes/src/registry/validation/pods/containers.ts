import { portNameErrors, portNumberErrors } from '@ks-apiserver/apimachinery/validation/values';
import { listOf } from '../../resources/core-types.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { validateContainerResources } from '../resources.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateLifecycle, validateProbes } from './probes.ts';
import { validateContainerSecurity } from './security.ts';
import { validateDevices, validateMounts } from './volumes/mounts.ts';

/**
 * The context of a container: the pod's spec, its volumes by name and the names of its resource
 * claims.
 */
export interface PodContext {
  spec: Fields;
  volumes: ReadonlyMap<string, Fields>;
  claims: ReadonlySet<string>;
}

/** Names of protocols, sorted. */
export const protocols = ['SCTP', 'TCP', 'UDP'];

function validatePorts(list: readonly Fields[] | undefined, at: string, out: Causes): void {
  const names = new Set<string>();
  each(list, at, ({ name = '', containerPort = 0, hostPort = 0, protocol }, path) => {
    const errors = name === '' ? [] : portNameErrors(name);
    out.each(`${path}.name`, name, errors);

    if (name !== '' && errors.length === 0) {
      if (names.has(name)) {
        out.duplicate(`${path}.name`, name);
      }
      names.add(name);
    }

    if (containerPort === 0) {
      out.required(`${path}.containerPort`);
    } else {
      out.each(`${path}.containerPort`, containerPort, portNumberErrors(containerPort));
    }

    if (hostPort !== 0) {
      out.each(`${path}.hostPort`, hostPort, portNumberErrors(hostPort));
    }

    out.oneOf(`${path}.protocol`, protocol, protocols);
  });
}

function validateResizePolicy(
  container: Fields,
  restartPolicy: string,
  at: string,
  out: Causes,
): void {
  const names = new Set<string>();
  each(container.resizePolicy, at, ({ resourceName = '', restartPolicy: policy = '' }, path) => {
    if (names.has(resourceName)) {
      out.duplicate(path, resourceName);
    }

    names.add(resourceName);
    out.oneOf(at, resourceName, ['cpu', 'memory']);
    out.oneOf(at, policy, ['NotRequired', 'RestartContainer']);

    if (restartPolicy === 'Never' && policy !== 'NotRequired') {
      out.invalid(at, policy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
    }
  });
}

/** Validates the fields that all kinds of containers have. */
function validateCommon(container: Fields, context: PodContext, at: string, out: Causes): void {
  const { spec, volumes } = context;
  const { name = '' } = container;
  if (name === '') {
    out.required(`${at}.name`);
  } else {
    out.dnsLabel(`${at}.name`, name);
  }

  if (!container.image) {
    out.required(`${at}.image`);
  }

  const policies = ['File', 'FallbackToLogsOnError'];
  out.oneOf(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, policies);
  validatePorts(container.ports, `${at}.ports`, out);
  validateEnv(container.env, `${at}.env`, out);
  validateEnvFrom(container.envFrom, `${at}.envFrom`, out);
  validateMounts(container, volumes, `${at}.volumeMounts`, out);
  validateDevices(container, volumes, `${at}.volumeDevices`, out);

  out.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, [
    'Always',
    'IfNotPresent',
    'Never',
  ]);

  validateContainerResources(container.resources, context.claims, `${at}.resources`, out);
  validateResizePolicy(container, spec.restartPolicy ?? '', `${at}.resizePolicy`, out);

  validateContainerSecurity(container.securityContext, spec, `${at}.securityContext`, out);
}

function validateRestartPolicy(
  { restartPolicy: policy, restartPolicyRules: rules = [] }: Fields,
  at: string,
  out: Causes,
): void {
  if (policy !== undefined) {
    out.supported(at, policy, ['Always', 'Never', 'OnFailure']);
  } else if (rules.length > 0) {
    out.required(at, 'must specify restartPolicy when restart rules are used');
  }
}

function validateRestartRules(
  { restartPolicyRules = [] }: Fields,
  field: string,
  out: Causes,
): void {
  if (restartPolicyRules.length > 20) {
    out.tooMany(field, restartPolicyRules.length, 20);
  }

  each<Fields>(restartPolicyRules, field, ({ action = '', exitCodes }, path) => {
    out.supported(`${path}.action`, action, ['Restart', 'RestartAllContainers']);

    if (exitCodes === undefined) {
      out.required(`${path}.exitCodes`, 'must be specified');
      return;
    }

    out.supported(`${path}.exitCodes.operator`, exitCodes.operator, ['In', 'NotIn']);

    const count = exitCodes.values?.length ?? 0;
    if (count > 255) {
      out.tooMany(`${path}.exitCodes.values`, count, 255);
    }
  });
}

function validateHostPorts(
  containers: readonly Fields[],
  paths: (index: number) => string,
  out: Causes,
): void {
  const seen = new Set<string>();
  containers.forEach((container, index) => {
    each(
      container.ports,
      `${paths(index)}.ports`,
      ({ hostPort = 0, hostIP = '', protocol = '' }, path) => {
        if (hostPort === 0) {
          return;
        }

        const key = `${protocol}/${hostIP}/${hostPort}`;
        if (seen.has(key)) {
          out.duplicate(`${path}.hostPort`, key);
        }

        seen.add(key);
      },
    );
  });
}

/** The containers of a pod. */
export function validateContainers(context: PodContext, at: string, out: Causes): void {
  const { containers = [], terminationGracePeriodSeconds: grace } = context.spec;
  if (containers.length === 0) {
    out.required(at);
    return;
  }

  const names = new Set<string>();
  each<Fields>(containers, at, (container, path) => {
    validateCommon(container, context, path, out);

    const { name = '' } = container;
    if (names.has(name)) {
      out.duplicate(`${path}.name`, name);
    }

    names.add(name);

    if (container.lifecycle) {
      validateLifecycle(container.lifecycle, grace, `${path}.lifecycle`, out);
    }

    validateProbes(container, grace, path, out);
    validateRestartPolicy(container, `${path}.restartPolicy`, out);
    validateRestartRules(container, `${path}.restartPolicyRules`, out);
  });

  validateHostPorts(containers, (index) => `${at}[${index}]`, out);
}

const ofSidecars = 'may not be set for init containers without restartPolicy=Always';

/** Init containers, with those that keep running: sidecars. */
export function validateInitContainers(context: PodContext, at: string, out: Causes): void {
  const {
    containers = [],
    initContainers = [],
    terminationGracePeriodSeconds: grace,
  } = context.spec;

  const names = new Set<string>(listOf<Fields>(containers).map(({ name = '' }) => name));
  each<Fields>(initContainers, at, (container, path) => {
    validateCommon(container, context, path, out);
    validateRestartPolicy(container, `${path}.restartPolicy`, out);

    if (container.restartPolicy !== undefined) {
      validateRestartRules(container, `${path}.restartPolicyRules`, out);
    }

    const { name = '' } = container;
    if (names.has(name)) {
      out.duplicate(`${path}.name`, name);
    } else if (name !== '') {
      names.add(name);
    }

    validateHostPorts([container], () => `${at}[0]`, out);

    if (container.restartPolicy === 'Always') {
      if (container.lifecycle) {
        validateLifecycle(container.lifecycle, grace, `${path}.lifecycle`, out);
      }

      validateProbes(container, grace, path, out);
      return;
    }

    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      if (container[field] !== undefined) {
        out.forbidden(`${path}.${field}`, ofSidecars);
      }
    }

    each(container.resizePolicy, `${path}.resizePolicy`, ({ restartPolicy }, place) => {
      if (restartPolicy !== 'RestartContainer') {
        return;
      }

      const why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      out.invalid(`${place}.restartPolicy`, restartPolicy, why);
    });
  });
}

const notForEphemeral = [
  'ports',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
];

/** Ephemeral containers, which are added to debug a running pod. */
export function validateEphemeralContainers(context: PodContext, at: string, out: Causes): void {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = context.spec;
  const others = new Set<string>([...containers, ...initContainers].map(({ name = '' }) => name));
  const names = new Set(others);
  each<Fields>(ephemeralContainers, at, (container, path) => {
    validateCommon(container, context, path, out);
    validateImageText(container, path, out);

    const { name = '', targetContainerName: target } = container;
    if (names.has(name)) {
      out.duplicate(`${path}.name`, name);
    }

    names.add(name);

    if (target && !others.has(target)) {
      out.notFound(`${path}.targetContainerName`, target);
    }

    const why = 'cannot be set for an Ephemeral Container';

    if (Object.keys(container.resources ?? {}).length > 0) {
      out.forbidden(`${path}.resources`, why);
    }

    for (const field of notForEphemeral) {
      if (container[field] !== undefined) {
        out.forbidden(`${path}.${field}`, why);
      }
    }

    each(container.volumeMounts, `${path}.volumeMounts`, ({ subPath, subPathExpr }, place) => {
      if (subPath) {
        out.forbidden(`${place}.subPath`, why);
      }
      if (subPathExpr) {
        out.forbidden(`${place}.subPathExpr`, why);
      }
    });
  });
}

/** Blanks around the name of an image are refused in pods, but not in templates. */
export function validateImageText({ image = '' }: Fields, at: string, out: Causes): void {
  if (image !== image.trim()) {
    out.invalid(`${at}.image`, image, 'must not have leading or trailing whitespace');
  }
}
