import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import {
  ipErrors,
  rangeError,
  underscoredDomainErrors,
} from '@ks-apiserver/apimachinery/validation/values';
import { listOf } from '../../resources/core-types.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import {
  validateAmount,
  validateContainerResourceName,
  validatePodResources,
} from '../resources.ts';
import {
  type PodContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.ts';
import {
  eachContainer,
  validateHostProcesses,
  validateOperatingSystem,
} from './operating-system.ts';
import { validateAffinity, validateSpread, validateTolerations } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes/volumes.ts';

/** The owner of a pod's spec: templates have no name, and some rules are for pods only. */
export interface SpecOwner {
  isPod: boolean;
  name: string;
  /** Names of volumes that others add, such as a StatefulSet's claims. */
  extraVolumes?: readonly string[];
}

const maxInt32 = 2_147_483_647;

function validateResourceClaims(
  list: readonly Fields[] | undefined,
  at: string,
  out: Causes,
): Set<string> {
  const names = new Set<string>();
  each(list, at, (claim, path) => {
    const { name = '', resourceClaimName, resourceClaimTemplateName } = claim;
    if (name === '') {
      out.required(`${path}.name`);
    } else if (names.has(name)) {
      out.duplicate(`${path}.name`, name);
    } else {
      out.dnsLabel(`${path}.name`, name);
    }

    if (name !== '') {
      names.add(name);
    }

    const shown = {
      Name: name,
      ResourceClaimName: resourceClaimName ?? null,
      ResourceClaimTemplateName: resourceClaimTemplateName ?? null,
    };

    const both = '`resourceClaimName` or `resourceClaimTemplateName`';

    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      out.invalid(path, shown, `at most one of ${both} may be specified`);
    }

    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      out.invalid(
        path,
        shown,
        'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
      );
    }

    for (const field of ['resourceClaimName', 'resourceClaimTemplateName']) {
      if (claim[field] !== undefined) {
        out.each(`${path}.${field}`, claim[field], dnsSubdomainErrors(claim[field]));
      }
    }
  });

  return names;
}

function validateHostNetworkPorts(
  spec: Fields,
  { isPod }: SpecOwner,
  at: string,
  out: Causes,
): void {
  if (spec.hostNetwork !== true) {
    return;
  }

  each(spec.containers, `${at}.containers`, ({ ports }, path) =>
    each(ports, `${path}.ports`, ({ hostPort = 0, containerPort = 0 }, place) => {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) {
        return;
      }

      out.invalid(
        `${place}.hostPort`,
        hostPort,
        'must match `containerPort` when `hostNetwork` is true',
      );
    }),
  );
}

function validateDnsConfig(
  config: Fields | undefined,
  policy: string,
  at: string,
  out: Causes,
): void {
  if (policy === 'None') {
    if (config === undefined) {
      out.required(at, 'must provide `dnsConfig` when `dnsPolicy` is None');
      return;
    }

    if ((config.nameservers ?? []).length === 0) {
      out.required(
        `${at}.nameservers`,
        'must provide at least one DNS nameserver when `dnsPolicy` is None',
      );

      return;
    }
  }

  const { nameservers = [], searches = [], options } = config ?? {};
  if (nameservers.length > 3) {
    out.invalid(`${at}.nameservers`, nameservers, 'must not have more than 3 nameservers');
  }

  each<string>(nameservers, `${at}.nameservers`, (address, path) =>
    out.each(path, address, ipErrors(address)),
  );

  if (searches.length > 32) {
    out.invalid(`${at}.searches`, searches, 'must not have more than 32 search paths');
  }

  if (searches.join(' ').length > 2048) {
    const why = 'must not have more than 2048 characters (including spaces) in the search list';
    out.invalid(`${at}.searches`, searches, why);
  }

  each<string>(searches, `${at}.searches`, (search, path) => {
    if (search === '.') {
      return;
    }

    const domain = search.replace(/\.$/, '');
    out.each(path, domain, underscoredDomainErrors(domain));
  });

  each(options, `${at}.options`, ({ name = '' }, path) => {
    if (name === '') {
      out.required(path, 'must not be empty');
    }
  });
}

function validateGates(list: readonly Fields[] | undefined, at: string, out: Causes): void {
  const names = new Set<string>();
  each(list, at, ({ name = '' }, path) => {
    out.qualifiedName(path, name);

    if (names.has(name)) {
      out.duplicate(path, name);
    }

    names.add(name);
  });
}

function validateUserNamespace(spec: Fields, at: string, out: Causes): void {
  if (spec.hostUsers !== false) {
    return;
  }
  if (spec.hostNetwork === true) {
    out.forbidden(`${at}.hostNetwork`, 'when `hostUsers` is false');
  }
  if (spec.hostPID === true) {
    out.forbidden(`${at}.HostPID`, 'when `hostUsers` is false');
  }
  if (spec.hostIPC === true) {
    out.forbidden(`${at}.HostIPC`, 'when `hostUsers` is false');
  }

  eachContainer(spec, at, ({ volumeDevices = [] }, path) => {
    if (volumeDevices.length > 0) {
      out.forbidden(`${path}.volumeDevices`, 'when `hostUsers` is false');
    }
  });
}

function validateHostNames(spec: Fields, at: string, out: Causes): void {
  const { hostnameOverride: name } = spec;
  if (name === undefined) {
    return;
  }

  const field = `${at}.hostnameOverride`;

  if (spec.setHostnameAsFQDN === true) {
    out.forbidden(field, 'may not be specified when setHostnameAsFQDN is true');
  }
  if (spec.hostNetwork === true) {
    out.forbidden(field, 'may not be specified when hostNetwork is true');
  }
  if (name.length > 64) {
    out.tooLong(field, 64);
  }

  out.dnsSubdomain(field, name);
}

function validateNames(spec: Fields, at: string, out: Causes): void {
  const { activeDeadlineSeconds: deadline } = spec;

  if (spec.serviceAccountName) {
    out.dnsSubdomain(`${at}.serviceAccountName`, spec.serviceAccountName);
  }
  if (spec.nodeName) {
    out.dnsSubdomain(`${at}.nodeName`, spec.nodeName);
  }
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    out.invalid(`${at}.activeDeadlineSeconds`, deadline, rangeError(1, maxInt32));
  }

  for (const name of ['hostname', 'subdomain']) {
    if (spec[name]) {
      out.dnsLabel(`${at}.${name}`, spec[name]);
    }
  }

  validateTolerations(spec.tolerations, `${at}.tolerations`, out);

  each(spec.hostAliases, `${at}.hostAliases`, ({ ip = '', hostnames }, path) => {
    out.each(`${path}.ip`, ip, ipErrors(ip));
    each<string>(hostnames, `${path}.hostnames`, (name, place) => out.dnsSubdomain(place, name));
  });

  for (const name of ['priorityClassName', 'runtimeClassName']) {
    if (spec[name] !== undefined) {
      out.dnsSubdomain(`${at}.${name}`, spec[name]);
    }
  }

  if (spec.preemptionPolicy !== undefined) {
    out.oneOf(`${at}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  }

  for (const [name, amount] of Object.entries(spec.overhead ?? {})) {
    const path = `${at}.overhead.limits[${name}]`;
    validateContainerResourceName(name, path, out);
    validateAmount(name, amount, path, out);
  }
}

function validateFileKeys(spec: Fields, at: string, out: Causes): void {
  const byName = new Map<string, Fields>();

  for (const volume of listOf<Fields>(spec.volumes)) {
    if (!byName.has(volume.name)) {
      byName.set(volume.name, volume);
    }
  }

  eachContainer(spec, at, ({ env }, path) =>
    each(env, `${path}.env`, ({ valueFrom }, place) => {
      const name = valueFrom?.fileKeyRef?.volumeName;

      if (!valueFrom?.fileKeyRef) {
        return;
      }

      const field = `${place}.valueFrom.fileKeyRef.volumeName`;
      const volume = byName.get(name);
      if (volume === undefined) {
        out.notFound(field, name ?? '');
      } else if (!volume.emptyDir) {
        out.invalid(field, name, 'referenced volume must be of type emptyDir');
      }
    }),
  );
}

/** What is wrong with the spec of a pod or of a template at `at`. Expects defaults to be set. */
export function validatePodSpec(spec: Fields, owner: SpecOwner, at: string, out: Causes): void {
  const volumes = validateVolumes(spec.volumes, owner, `${at}.volumes`, out);

  for (const name of owner.extraVolumes ?? []) {
    volumes.set(name, { persistentVolumeClaim: {} });
  }

  const claims = validateResourceClaims(spec.resourceClaims, `${at}.resourceClaims`, out);
  const context: PodContext = { spec, volumes, claims };

  validateContainers(context, `${at}.containers`, out);
  validateInitContainers(context, `${at}.initContainers`, out);
  validateEphemeralContainers(context, `${at}.ephemeralContainers`, out);
  validatePodResources(spec, `${at}.resources`, out);
  validateHostNetworkPorts(spec, owner, at, out);
  out.oneOf(`${at}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);

  const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
  out.oneOf(`${at}.dnsPolicy`, spec.dnsPolicy, policies);
  out.labels(`${at}.nodeSelector`, spec.nodeSelector);
  validatePodSecurity(spec, `${at}.securityContext`, out);
  validateAffinity(spec.affinity, `${at}.affinity`, out);
  validateDnsConfig(spec.dnsConfig, spec.dnsPolicy ?? '', `${at}.dnsConfig`, out);
  each(spec.readinessGates, `${at}.readinessGates`, ({ conditionType = '' }, path) =>
    out.qualifiedName(`${path}.conditionType`, conditionType),
  );
  validateGates(spec.schedulingGates, `${at}.schedulingGates`, out);
  validateSpread(spec.topologySpreadConstraints, `${at}.topologySpreadConstraints`, out);
  validateHostProcesses(spec, at, out);
  validateUserNamespace(spec, at, out);
  validateHostNames(spec, at, out);
  validateNames(spec, at, out);
  validateOperatingSystem(spec, at, out);
  validateFileKeys(spec, at, out);
}
