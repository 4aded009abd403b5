import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import { idErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { descendingPath } from './volumes/paths.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function validateSeccomp(profile: Fields | undefined, at: string, out: Causes): void {
  if (profile === undefined) {
    return;
  }

  const { type = '', localhostProfile: local } = profile;
  if (type === '') {
    out.required(`${at}.type`, 'type is required when seccompProfile is set');
  } else {
    out.supported(`${at}.type`, type, profileTypes);
  }

  if (type === 'Localhost') {
    if (local === undefined) {
      out.required(`${at}.localhostProfile`, 'must be set when seccomp type is Localhost');
    } else {
      descendingPath(local, `${at}.localhostProfile`, out);
    }
  } else if (local !== undefined) {
    const shown = { Type: type, LocalhostProfile: local };
    out.invalid(`${at}.localhostProfile`, shown, 'can only be set when seccomp type is Localhost');
  }
}

function validateAppArmor(profile: Fields | undefined, at: string, out: Causes): void {
  if (profile === undefined) {
    return;
  }

  const { type = '', localhostProfile: local } = profile;
  const field = `${at}.localhostProfile`;

  if (type === '') {
    out.required(`${at}.type`, 'type is required when appArmorProfile is set');
  } else if (type === 'Localhost') {
    if (!local?.trim()) {
      out.required(field, 'must be set when AppArmor type is Localhost');
    } else if (local !== local.trim()) {
      out.invalid(field, local, 'must not be padded with whitespace');
    }

    if (Buffer.byteLength(local ?? '') > 4095) {
      out.tooLong(field, 4095);
    }
  } else if (profileTypes.includes(type)) {
    if (local !== undefined) {
      out.invalid(field, local, 'can only be set when AppArmor type is Localhost');
    }
  } else {
    out.unsupported(`${at}.type`, type, profileTypes);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const control = /[\u0000-\u001f\u007f]/;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dns =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

function userNameErrors(name: string): string[] {
  if (name === '') {
    return ['runAsUserName cannot be an empty string'];
  }
  if (control.test(name)) {
    return ['runAsUserName cannot contain control characters'];
  }

  const parts = name.split('\\');
  if (parts.length > 2) {
    return ['runAsUserName cannot contain more than one backslash'];
  }

  const [user = '', domain] = parts.toReversed();
  const errors: string[] = [];

  if ((domain?.length ?? 0) >= 256) {
    errors.push("runAsUserName's Domain length must be under 256 characters");
  } else if (domain !== undefined && !netBios.test(domain) && !dns.test(domain)) {
    errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }

  if (user === '') {
    errors.push("runAsUserName's User cannot be empty");
  } else if (user.length > 104) {
    errors.push("runAsUserName's User length must not be longer than 104 characters");
  }

  if (/^[. ]+$/.test(user)) {
    errors.push("runAsUserName's User cannot contain only periods or spaces");
  }
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    errors.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }

  return errors;
}

function validateWindows(options: Fields | undefined, at: string, out: Causes): void {
  if (options === undefined) {
    return;
  }

  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  if (name !== undefined) {
    out.each(`${at}.gmsaCredentialSpecName`, name, dnsSubdomainErrors(name));
  }

  const field = `${at}.gmsaCredentialSpec`;

  if (spec === '') {
    out.invalid(field, spec, 'gmsaCredentialSpec cannot be an empty string');
  } else if (spec?.length > 64 * 1024) {
    out.invalid(field, spec, 'gmsaCredentialSpec size must be under 64 KiB');
  }

  if (user !== undefined) {
    out.each(`${at}.runAsUserName`, user, userNameErrors(user));
  }
}

function validateId(context: Fields, name: string, at: string, out: Causes): void {
  if (context[name] !== undefined) {
    out.each(`${at}.${name}`, context[name], idErrors(context[name]));
  }
}

/** A container's security context as Kubernetes prints its internal type in messages. */
function toGoContext(context: Fields): Fields {
  const { capabilities, privileged, allowPrivilegeEscalation } = context;

  return {
    Capabilities: capabilities
      ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null }
      : null,
    Privileged: privileged ?? null,
    SELinuxOptions: context.seLinuxOptions ?? null,
    WindowsOptions: context.windowsOptions ?? null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: context.seccompProfile ?? null,
    AppArmorProfile: context.appArmorProfile ?? null,
  };
}

/** The security context of a container in a pod with a spec. */
export function validateContainerSecurity(
  context: Fields | undefined,
  { hostUsers }: Fields,
  at: string,
  out: Causes,
): void {
  if (context === undefined) {
    return;
  }

  validateId(context, 'runAsUser', at, out);
  validateId(context, 'runAsGroup', at, out);

  const { procMount } = context;
  if (procMount !== undefined) {
    out.supported(`${at}.procMount`, procMount, ['Default', 'Unmasked']);
    if (hostUsers !== false && procMount === 'Unmasked') {
      out.invalid(`${at}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`');
    }
  }

  validateSeccomp(context.seccompProfile, `${at}.seccompProfile`, out);

  if (context.allowPrivilegeEscalation === false) {
    const why = 'cannot set `allowPrivilegeEscalation` to false and ';

    if (context.privileged === true) {
      out.invalid(at, toGoContext(context), `${why}\`privileged\` to true`);
    }

    for (const name of context.capabilities?.add ?? []) {
      if (name === 'CAP_SYS_ADMIN') {
        out.invalid(at, toGoContext(context), `${why}\`capabilities.Add\` CAP_SYS_ADMIN`);
      }
    }
  }

  validateWindows(context.windowsOptions, `${at}.windowsOptions`, out);
  validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`, out);
}

const sysctlShown = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;

function validateSysctls(spec: Fields, list: readonly Fields[], at: string, out: Causes): void {
  const seen = new Set<string>();
  each(list, at, ({ name = '' }, path) => {
    const field = `${path}.name`;

    if (name === '') {
      out.required(field);
    } else if (name.length > 253 || !sysctlName.test(name)) {
      out.invalid(field, name, `must have at most 253 characters and match regex ${sysctlShown}`);
    } else if (seen.has(name)) {
      out.duplicate(field, name);
    }

    seen.add(name);

    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.')) {
      out.invalid(field, name, "may not be specified when 'hostNetwork' is true");
    } else if (spec.hostIPC && /^(kernel\.(sem|shm|msg)|fs\.mqueue\.)/.test(dotted)) {
      out.invalid(field, name, "may not be specified when 'hostIPC' is true");
    }
  });
}

/** The security context of a pod. */
export function validatePodSecurity(spec: Fields, at: string, out: Causes): void {
  const { securityContext: context = {} } = spec;

  for (const name of ['fsGroup', 'runAsUser', 'runAsGroup']) {
    validateId(context, name, at, out);
  }

  each<number>(context.supplementalGroups, `${at}.supplementalGroups`, (group, path) =>
    out.each(path, group, idErrors(group)),
  );

  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const why = 'ShareProcessNamespace and HostPID cannot both be enabled';
    out.invalid(`${at}.shareProcessNamespace`, true, why);
  }

  validateSysctls(spec, context.sysctls ?? [], `${at}.sysctls`, out);

  const { fsGroupChangePolicy, supplementalGroupsPolicy, seLinuxChangePolicy } = context;
  if (fsGroupChangePolicy !== undefined) {
    out.supported(`${at}.fsGroupChangePolicy`, fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  }

  validateSeccomp(context.seccompProfile, `${at}.seccompProfile`, out);
  validateWindows(context.windowsOptions, `${at}.windowsOptions`, out);
  validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`, out);

  if (supplementalGroupsPolicy !== undefined) {
    out.supported(`${at}.supplementalGroupsPolicy`, supplementalGroupsPolicy, ['Merge', 'Strict']);
  }

  if (seLinuxChangePolicy !== undefined) {
    // The feature gate of `MountOption` is off by default.
    out.supported(`${at}.seLinuxChangePolicy`, seLinuxChangePolicy, ['Recursive']);
  }
}
