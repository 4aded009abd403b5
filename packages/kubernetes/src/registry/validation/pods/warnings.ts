import { quote } from '@ks-apiserver/apimachinery/validation/field';
import { listOf } from '../../resources/core-types.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { each } from '../causes.ts';
import { isWholeNumber } from '../resources.ts';
import { eachOldAppArmor, oldAppArmor } from './app-armor.ts';
import { eachContainer } from './operating-system.ts';

const oldNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

const oldAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls':
    'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls':
    'non-functional in v1.11+; use the "sysctls" field instead',
};

const oldVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

/** Warnings about the spec of a claim whose amounts have fractions of a byte. */
export function claimWarnings(spec: Fields, at: string): string[] {
  return ['requests', 'limits'].flatMap((kind) => {
    const storage = spec.resources?.[kind]?.storage;
    return storage === undefined || isWholeNumber(storage)
      ? []
      : [fraction(`${at}.resources.${kind}[storage]`, storage)];
  });
}

function fraction(at: string, amount: unknown): string {
  return `${at}: fractional byte value ${quote(String(amount))} is invalid, must be an integer`;
}

function sayTerm(value: Fields | undefined, path: string, say: (text: string) => void): void {
  each(value?.matchExpressions, `${path}.matchExpressions`, ({ key }, place) => {
    if (oldNodeLabels[key]) {
      say(`${place}.key: ${key} is ${oldNodeLabels[key]}`);
    }
  });
}

/** Warnings about terms that select nodes by deprecated labels. */
export function termWarnings(terms: readonly Fields[] | undefined, at: string): string[] {
  const found: string[] = [];
  each<Fields>(terms, at, (term, path) => sayTerm(term, path, (text) => found.push(text)));
  return found;
}

function scheduling(spec: Fields, at: string, say: (text: string) => void): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    if (oldNodeLabels[key]) {
      say(`${at}.nodeSelector[${key}]: ${oldNodeLabels[key]}`);
    }
  }

  const affinity = spec.affinity?.nodeAffinity ?? {};
  const term = (value: Fields | undefined, path: string) => sayTerm(value, path, say);

  const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
  const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

  each(
    affinity[hard]?.nodeSelectorTerms,
    `${at}.affinity.nodeAffinity.${hard}.nodeSelectorTerms`,
    term,
  );

  each<Fields>(affinity[soft], `${at}.affinity.nodeAffinity.${soft}`, ({ preference }, path) =>
    term(preference, `${path}.preference`),
  );

  each(
    spec.topologySpreadConstraints,
    `${at}.topologySpreadConstraints`,
    ({ topologyKey, labelSelector }, path) => {
      if (oldNodeLabels[topologyKey]) {
        say(`${path}.topologyKey: ${topologyKey} is ${oldNodeLabels[topologyKey]}`);
      }
      if (!labelSelector) {
        say(`${path}.labelSelector: a null labelSelector results in matching no pod`);
      }
    },
  );
}

/** Terms that select no pods. */
function emptyTerms(spec: Fields, at: string, say: (text: string) => void): void {
  for (const name of ['podAffinity', 'podAntiAffinity']) {
    for (const kind of ['required', 'preferred']) {
      const field = `${kind}DuringSchedulingIgnoredDuringExecution`;
      each<Fields>(
        spec.affinity?.[name]?.[field],
        `${at}.affinity.${name}.${field}`,
        (item, path) => {
          const term = kind === 'required' ? item : (item.podAffinityTerm ?? {});
          const place = kind === 'required' ? path : `${path}.podAffinityTerm`;

          if (!term.labelSelector) {
            say(`${place}.labelSelector: a null labelSelector results in matching no pod`);
          }
        },
      );
    }
  }
}

function warnAboutRepeated(
  list: readonly Fields[] | undefined,
  field: string,
  at: string,
  say: (text: string) => void,
): void {
  const seen = new Set<string>();
  each(list, at, (item, path) => {
    const value: string = item[field] ?? '';
    if (seen.has(value)) {
      say(`${path}.${field}: duplicate ${field} ${quote(value)}`);
    }

    seen.add(value);
  });
}

function volumes(spec: Fields, at: string, say: (text: string) => void): void {
  each(spec.volumes, `${at}.volumes`, (volume, path) => {
    for (const [kind, text] of Object.entries(oldVolumes)) {
      const shown = kind === 'storageos' ? 'storageOS' : kind;
      if (volume[kind]) {
        say(`${path}.${shown}: ${text}`);
      }
    }

    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    if (claim) {
      for (const text of claimWarnings(claim, `${path}.ephemeral.volumeClaimTemplate.spec`)) {
        say(text);
      }
    }
  });

  for (const { name, projected } of listOf<Fields>(spec.volumes)) {
    for (const source of projected?.sources ?? []) {
      if (Object.keys(source).length === 0) {
        say(`volume ${quote(name)} (Projected) has no sources provided`);
      }
    }
  }
}

function hidesEarlier({ name, value = '', valueFrom }: Fields): boolean {
  const reference = `$(${name})`;
  return valueFrom !== undefined || value === reference || !value.includes(reference);
}

function containers(
  spec: Fields,
  annotations: Fields,
  at: string,
  meta: string,
  say: (text: string) => void,
): void {
  eachContainer(spec, at, (container, path) => {
    const key = `container.seccomp.security.alpha.kubernetes.io/${container.name}`;
    if (!container.securityContext?.seccompProfile && annotations[key] !== undefined) {
      say(`${meta}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`);
    }

    for (const name of ['memory', 'ephemeral-storage']) {
      for (const kind of ['limits', 'requests']) {
        const amount = container.resources?.[kind]?.[name];
        if (amount !== undefined && !isWholeNumber(amount)) {
          say(fraction(`${path}.resources.${kind}[${name}]`, amount));
        }
      }
    }

    const names = new Set<string>();
    each(container.env, `${path}.env`, (variable, place) => {
      if (names.has(variable.name) && hidesEarlier(variable)) {
        say(
          `${place}: hides previous definition of ${quote(variable.name)}, which may be dropped when using apply`,
        );
      }

      names.add(variable.name);
    });
  });
}

interface PortPlace {
  at: string;
  index: number;
  port: Fields;
}

/** Ports of one number and protocol, by host port and host IP: most do not conflict. */
class SamePorts {
  readonly #byHostPort = new Map<number, Map<string, PortPlace[]>>();

  add(place: PortPlace): void {
    const { hostPort = 0, hostIP = '' } = place.port;
    const byIp = this.#byHostPort.get(hostPort) ?? new Map<string, PortPlace[]>();

    this.#byHostPort.set(hostPort, byIp);

    const places = byIp.get(hostIP);
    if (places) {
      places.push(place);
    } else {
      byIp.set(hostIP, [place]);
    }
  }

  /** The ports that a port conflicts with, in order. */
  against({ hostPort = 0, hostIP = '' }: Fields): PortPlace[] {
    const all = (byIp: Map<string, PortPlace[]> | undefined) => [...(byIp?.values() ?? [])].flat();
    const byIp = this.#byHostPort.get(hostPort);

    const found =
      hostPort === 0
        ? [...this.#byHostPort.values()].flatMap(all)
        : [
            ...all(this.#byHostPort.get(0)),
            ...(hostIP === ''
              ? all(byIp)
              : [...(byIp?.get('') ?? []), ...(byIp?.get(hostIP) ?? [])]),
          ];

    return found.sort((a, b) => a.index - b.index);
  }
}

function ports(spec: Fields, at: string, say: (text: string) => void): void {
  const byNumber = new Map<string, SamePorts>();
  let index = 0;
  const byName = new Map<string, string>();

  eachContainer(spec, at, (container, path) =>
    each(container.ports, `${path}.ports`, (port, place) => {
      const { name = '', hostIP = '', hostPort = 0, containerPort = 0, protocol = '' } = port;
      if (hostIP !== '' && hostPort === 0) {
        const shown = `{Name:${name} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
        say(`${place}: hostIP set without hostPort: ${shown}`);
      }

      const key = `${containerPort}/${protocol}`;
      const others = byNumber.get(key) ?? new SamePorts();

      byNumber.set(key, others);

      for (const other of others.against(port)) {
        const [theirIp, theirPort] = [other.port.hostIP ?? '', other.port.hostPort ?? 0];
        if (hostIP === theirIp && hostPort === theirPort) {
          say(`${place}: duplicate port definition with ${other.at}`);
        } else if (hostPort === 0 || theirPort === 0) {
          say(`${place}: overlapping port definition with ${other.at}`);
        } else {
          say(`${place}: dangerously ambiguous port definition with ${other.at}`);
        }
      }

      others.add({ at: place, index: index++, port });
    }),
  );

  eachContainer(spec, at, (container, path) =>
    each(container.ports, `${path}.ports`, ({ name }, place) => {
      if (!name) {
        return;
      }

      const other = byName.get(name);
      if (other === undefined) {
        byName.set(name, place);
      } else {
        const use = `services and probes that select ports by name will use ${other}`;
        say(`${place}: duplicate port name ${quote(name)} with ${other}, ${use}`);
      }
    }),
  );
}

/** Most warnings: a client gets fewer than that. */
const MAX_WARNINGS = 100;

/** Warnings about a valid pod, or a template at `at`; '' is the pod itself. */
export function podWarnings({ metadata = {}, spec = {} }: Fields, at: string): string[] {
  const texts: string[] = [];
  const enough = new Error('enough is told');

  const say = (text: string) => {
    texts.push(text);
    if (texts.length >= MAX_WARNINGS) {
      throw enough;
    }
  };

  try {
    sayAll(metadata, spec, at, say);
  } catch (error) {
    if (error !== enough) {
      throw error;
    }
  }

  return texts;
}

function sayAll(metadata: Fields, spec: Fields, at: string, say: (text: string) => void): void {
  const [specAt, meta] =
    at === '' ? ['spec', 'metadata.annotations'] : [`${at}.spec`, `${at}.metadata.annotations`];
  const annotations: Fields = metadata.annotations ?? {};

  scheduling(spec, specAt, say);

  // In a pod the default of 1 is set before warnings are made.
  if (at !== '' && spec.terminationGracePeriodSeconds < 0) {
    say(
      `${specAt}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }

  for (const [key, text] of Object.entries(oldAnnotations)) {
    if (annotations[key] !== undefined) {
      say(`${meta}[${key}]: ${text}`);
    }
  }

  volumes(spec, specAt, say);
  warnAboutRepeated(spec.hostAliases, 'ip', `${specAt}.hostAliases`, say);
  warnAboutRepeated(spec.imagePullSecrets, 'name', `${specAt}.imagePullSecrets`, say);

  each(spec.imagePullSecrets, `${specAt}.imagePullSecrets`, ({ name = '' }, path) => {
    if (name === '') {
      say(`${path}.name: invalid empty name ""`);
    }
  });

  const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
  if (!spec.securityContext?.seccompProfile && annotations[podSeccomp] !== undefined) {
    say(`${meta}[${podSeccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`);
  }

  // Warnings about a pod are made where its annotations are copied into fields.
  if (at !== '') {
    eachOldAppArmor(annotations, spec, (_container, _profile, key) => say(oldAppArmor(meta, key)));
  }

  containers(spec, annotations, specAt, meta, say);
  ports(spec, specAt, say);
  emptyTerms(spec, specAt, say);
}
